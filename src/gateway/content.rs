//! What a request says that its body is.

use super::failure::Failure;
use super::protobuf;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};

/// Sequences of JSON values, by the names that `Accept` knows them by. Whichever it is,
/// the body is cut in the same way: a value a line, or each behind a record separator.
const SEQUENCES: [&str; 5] = ["x-ndjson", "ndjson", "jsonl", "json-lines", "json-seq"];

/// How a body is labelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label<'a> {
    /// JSON, or nothing, which is read as JSON.
    Json,
    /// The label that curl puts on everything sent with `-d`.
    Form,
    /// Protobuf, by this name.
    Protobuf(&'static str),
    /// Bytes of this type, which is empty if none was named.
    Raw(&'a str),
}

/// Reads the content type and refuses what is neither JSON nor protobuf nor curl's default.
/// Where the body is a stream of messages, sequences of JSON values are JSON too.
pub(super) fn label(
    headers: &HeaderMap,
    method: &Method,
    is_stream: bool,
) -> Result<Label<'static>, Failure> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(Label::Json);
    };
    if value == "application/json" {
        return Ok(Label::Json);
    }
    let refused = || Failure::MediaType {
        got: shown(value.as_bytes()),
        method: method.clone(),
        is_stream,
    };
    let text = value.to_str().map_err(|_| refused())?;
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let charset = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim_end().eq_ignore_ascii_case("charset"))
        .map(|(_, charset)| charset.trim().trim_matches('"'));
    if charset.is_some_and(|charset| {
        !charset.eq_ignore_ascii_case("utf-8") && !charset.eq_ignore_ascii_case("utf8")
    }) {
        return Err(refused());
    }
    let (kind, subtype) = essence.split_once('/').unwrap_or((essence, ""));
    let is = |wanted: &str| subtype.eq_ignore_ascii_case(wanted);
    if !kind.eq_ignore_ascii_case("application") {
        return Err(refused());
    }
    if is("json")
        || subtype.to_ascii_lowercase().ends_with("+json")
        || is_stream && SEQUENCES.iter().any(|sequence| is(sequence))
    {
        Ok(Label::Json)
    } else if is("x-www-form-urlencoded") {
        Ok(Label::Form)
    } else if let Some(name) = protobuf::named(subtype) {
        Ok(Label::Protobuf(name))
    } else {
        Err(refused())
    }
}

/// The label of a raw body, which may be of any type that can be named.
pub(super) fn label_of_raw(headers: &HeaderMap) -> Result<Label<'_>, Failure> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(Label::Raw(""));
    };
    let refused = |_| Failure::RawMediaType {
        got: shown(value.as_bytes()),
    };
    value.to_str().map(Label::Raw).map_err(refused)
}

/// Whether a body that is labelled as a form is JSON all the same: it starts as a
/// JSON value does and no form does, or it is one of the bare words.
pub(super) fn looks_like_json(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    matches!(body.first(), Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9')) && !body.contains(&b'=')
        || matches!(body.first(), Some(b'{' | b'[' | b'"'))
        || matches!(body, b"true" | b"false" | b"null")
}

/// Whether the content type is protobuf, for bodies with nothing in them.
pub(super) fn label_of_nothing(headers: &HeaderMap) -> Label<'static> {
    let text = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    text.and_then(|text| text.split(';').next()?.trim().split_once('/'))
        .filter(|(kind, _)| kind.eq_ignore_ascii_case("application"))
        .and_then(|(_, subtype)| protobuf::named(subtype))
        .map_or(Label::Json, Label::Protobuf)
}

/// A header value fit for a message: capped, and without what is not ASCII.
pub(super) fn shown(value: &[u8]) -> String {
    value[..value.len().min(64)].escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn content_types_are_json_form_or_refused() {
        for (text, expected) in [
            ("application/json", Some(Label::Json)),
            ("Application/JSON ; Charset=\"UTF-8\"", Some(Label::Json)),
            ("application/json; charset=utf-16", None),
            ("application/merge-patch+json", Some(Label::Json)),
            ("application/x-www-form-urlencoded", Some(Label::Form)),
            (
                "application/x-www-form-urlencoded; charset=utf-8",
                Some(Label::Form),
            ),
            (
                "application/X-Protobuf; messageType=x.Y",
                Some(Label::Protobuf("application/x-protobuf")),
            ),
            ("text/x-protobuf", None),
            ("text/plain", None),
            ("application/xml", None),
            ("multipart/form-data; boundary=x", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(text))]);
            for is_stream in [false, true] {
                let label = label(&headers, &Method::POST, is_stream).ok();
                assert_eq!(label, expected, "{text:?}, stream: {is_stream}");
            }
        }
    }

    #[test]
    fn sequences_of_json_are_for_streams_alone() {
        for (text, of_stream) in [
            ("application/x-ndjson", Some(Label::Json)),
            ("Application/X-NDJSON; charset=utf-8", Some(Label::Json)),
            ("application/x-ndjson; charset=latin1", None),
            ("application/ndjson", Some(Label::Json)),
            ("application/jsonl", Some(Label::Json)),
            ("application/json-lines", Some(Label::Json)),
            ("application/json-seq", Some(Label::Json)),
            ("text/x-ndjson", None),
            ("application/jsonlines-and-more", None),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(text))]);
            let label = |is_stream| label(&headers, &Method::POST, is_stream).ok();
            assert_eq!((label(false), label(true)), (None, of_stream), "{text:?}");
        }
    }

    #[test]
    fn forms_are_told_from_json() {
        for json in [
            r#"{"a":"b=c"}"#,
            "[1]",
            r#" "x=y" "#,
            "12",
            "-1",
            "true",
            "null",
        ] {
            assert!(looks_like_json(json.as_bytes()), "{json}");
        }
        for form in ["a=b", "1=2", "true=1", "hello", ""] {
            assert!(!looks_like_json(form.as_bytes()), "{form}");
        }
    }
}
