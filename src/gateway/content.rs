//! What a request says of its body and of the answer it wants: content type,
//! content encoding, Accept.

use super::accept;
use super::failure::Failure;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method};

/// How a body is labelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// JSON, or nothing, which is read as JSON.
    Json,
    /// The label that curl puts on everything sent with `-d`.
    Form,
}

/// Reads the content type and refuses what is neither JSON nor curl's default.
pub(super) fn label(headers: &HeaderMap, method: &Method) -> Result<Label, Failure> {
    if let Some(encoding) = headers.get(CONTENT_ENCODING)
        && !encoding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        return Err(Failure::ContentEncoding {
            got: shown(encoding.as_bytes()),
        });
    }
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(Label::Json);
    };
    if value == "application/json" {
        return Ok(Label::Json);
    }
    let refused = || Failure::MediaType {
        got: shown(value.as_bytes()),
        method: method.clone(),
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
    if is("json") || subtype.to_ascii_lowercase().ends_with("+json") {
        Ok(Label::Json)
    } else if is("x-www-form-urlencoded") {
        Ok(Label::Form)
    } else {
        Err(refused())
    }
}

/// Whether a body that is labelled as a form is JSON all the same: it starts as a
/// JSON value does and no form does, or it is one of the bare words.
pub(super) fn looks_like_json(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    matches!(body.first(), Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9')) && !body.contains(&b'=')
        || matches!(body.first(), Some(b'{' | b'[' | b'"'))
        || matches!(body, b"true" | b"false" | b"null")
}

/// Whether the caller takes `application/json`.
pub(super) fn accepts_json(headers: &HeaderMap) -> bool {
    match headers.get(ACCEPT) {
        None => true,
        Some(value) if value == "*/*" || value == "application/json" => true,
        Some(_) => accept::quality(headers, "application/json").value > 0.0,
    }
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
            ("text/plain", None),
            ("application/xml", None),
            ("multipart/form-data; boundary=x", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(text))]);
            assert_eq!(label(&headers, &Method::POST).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn accept_excludes_json_only_when_it_says_so() {
        for (text, expected) in [
            ("*/*", true),
            ("text/html, */*;q=0.1", true),
            ("application/*", true),
            ("text/html", false),
            ("application/json;q=0", false),
            ("application/json;q=0, */*", false),
            ("text/html, application/json;q=0.2", true),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(text))]);
            assert_eq!(accepts_json(&headers), expected, "{text}");
        }
        assert!(accepts_json(&HeaderMap::new()));
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
