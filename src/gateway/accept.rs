//! What a caller takes, by its `Accept` headers (RFC 9110 §12.5.1): how good it
//! finds a media type, and in which form it wants its errors.

use super::content::Label;
use super::protobuf;
use http::HeaderMap;
use http::header::ACCEPT;

pub(super) const PROBLEM: &str = "application/problem+json";

/// How a message is spelt in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    /// Protobuf, by this name.
    Protobuf(&'static str),
    /// Not at all: the bytes that it carries.
    Raw,
}

/// The form that a caller likes best; `None` if none is welcome. Between equals
/// the one that is named wins, then the one in which the request came. `whole`
/// says that the answer has a protobuf form at all.
pub(super) fn form(headers: &HeaderMap, label: Label<'_>, whole: bool) -> Option<Form> {
    let own = match label {
        Label::Protobuf(name) if whole => Form::Protobuf(name),
        _ => Form::Json,
    };
    match headers.get(ACCEPT) {
        None => return Some(own),
        Some(value) if value == "*/*" && headers.get_all(ACCEPT).iter().count() == 1 => {
            return Some(own);
        }
        Some(value) if value == "application/json" && own == Form::Json => return Some(own),
        Some(_) => {}
    }
    let protobuf = protobuf::NAMES.map(|name| (Form::Protobuf(name), quality(headers, name)));
    let json = (Form::Json, quality(headers, "application/json"));
    let offered = protobuf.into_iter().filter(|_| whole).chain([json]);
    let better = |(form, quality): &(Form, Quality)| (quality.value, quality.named, *form == own);
    offered
        .filter(|(_, quality)| quality.value > 0.0)
        .reduce(|best, next| {
            // Of the names of protobuf the first stays.
            let is_better = better(&next) > better(&best)
                || next.0 == Form::Json && better(&next) == better(&best);
            if is_better { next } else { best }
        })
        .map(|(form, _)| form)
}

/// How good a caller finds a media type.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) struct Quality {
    /// 0 to 1; 0 is a refusal.
    pub(crate) value: f32,
    /// Whether the type itself is named, not just a range that holds it.
    pub(crate) named: bool,
}

/// The quality of `essence`, which is `type/subtype`. The most precise range that
/// holds it decides; without any Accept header everything is welcome.
pub(crate) fn quality(headers: &HeaderMap, essence: &str) -> Quality {
    let mut stated = false;
    let mut best = (0, 0.0_f32);
    for value in headers.get_all(ACCEPT) {
        let Ok(value) = value.to_str() else { continue };
        for range in value
            .split(',')
            .map(str::trim)
            .filter(|range| !range.is_empty())
        {
            stated = true;
            let mut parts = range.split(';').map(str::trim);
            let precision = precision(parts.next().unwrap_or_default(), essence);
            if precision == 0 {
                continue;
            }
            let quality = parts
                .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
                .map_or(1.0, weight);
            if precision > best.0 || precision == best.0 && quality > best.1 {
                best = (precision, quality);
            }
        }
    }
    Quality {
        value: if stated { best.1 } else { 1.0 },
        named: best.0 == 3,
    }
}

/// How precisely a range names a type: 3 itself, 2 by its first half, 1 as one of
/// all, 0 not at all.
fn precision(range: &str, essence: &str) -> u8 {
    if range.eq_ignore_ascii_case(essence) {
        return 3;
    }
    let (kind, _) = essence.split_once('/').unwrap_or((essence, ""));
    match range.split_once('/') {
        Some((half, "*")) if half.eq_ignore_ascii_case(kind) => 2,
        Some(("*", "*")) => 1,
        // What Java's HttpURLConnection sends.
        None if range == "*" => 1,
        _ => 0,
    }
}

/// A weight outside 0 to 1 is malformed and counts as a refusal.
fn weight(text: &str) -> f32 {
    match text.trim().parse() {
        Ok(weight) if (0.0..=1.0).contains(&weight) => weight,
        _ => 0.0,
    }
}

/// Whether errors are wanted as problem details: named, and liked no less than
/// plain JSON. Callers that take both list both, and mean it for errors.
pub(super) fn prefers_problem(headers: &HeaderMap) -> bool {
    if !headers.contains_key(ACCEPT) {
        return false;
    }
    let problem = quality(headers, PROBLEM);
    problem.named
        && problem.value > 0.0
        && problem.value >= quality(headers, "application/json").value
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn accept(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_most_precise_range_decides() {
        for (header, value, named) in [
            ("*/*", 1.0, false),
            ("text/html, */*;q=0.1", 0.1, false),
            ("application/*;q=0.5, */*", 0.5, false),
            ("Application/JSON; charset=utf-8; q=0.2, */*", 0.2, true),
            ("application/json;q=0, */*", 0.0, true),
            ("application/json;q=7", 0.0, true),
            ("application/json;q=nan", 0.0, true),
            ("text/html", 0.0, false),
            ("*", 1.0, false),
        ] {
            let expected = Quality { value, named };
            assert_eq!(
                quality(&accept(header), "application/json"),
                expected,
                "{header}"
            );
        }
        assert_eq!(quality(&HeaderMap::new(), "application/json").value, 1.0);
    }

    #[test]
    fn the_form_is_the_best_that_is_welcome() {
        const X: Form = Form::Protobuf("application/x-protobuf");
        let sent = Label::Protobuf("application/x-protobuf");
        for (header, of_json, of_protobuf) in [
            ("*/*", Some(Form::Json), Some(X)),
            ("application/*", Some(Form::Json), Some(X)),
            ("application/json", Some(Form::Json), Some(Form::Json)),
            ("application/x-protobuf", Some(X), Some(X)),
            ("application/x-protobuf, */*", Some(X), Some(X)),
            (
                "application/json, application/x-protobuf",
                Some(Form::Json),
                Some(X),
            ),
            (
                "application/json;q=0.9, application/x-protobuf",
                Some(X),
                Some(X),
            ),
            ("application/json;q=0, */*", Some(X), Some(X)),
            (
                "*/*;q=0.1, application/json",
                Some(Form::Json),
                Some(Form::Json),
            ),
            ("text/html", None, None),
        ] {
            let headers = accept(header);
            assert_eq!(form(&headers, Label::Json, true), of_json, "{header}");
            assert_eq!(form(&headers, sent, true), of_protobuf, "{header}");
        }
        assert_eq!(form(&HeaderMap::new(), sent, true), Some(X));
        assert_eq!(form(&HeaderMap::new(), sent, false), Some(Form::Json));
        assert_eq!(form(&accept("application/x-protobuf"), sent, false), None);
    }

    #[test]
    fn problems_are_wanted_by_name_only() {
        for (header, expected) in [
            ("application/problem+json", true),
            ("application/json, application/problem+json", true),
            ("application/problem+json, */*;q=0.8", true),
            ("application/json, application/problem+json;q=0.5", false),
            ("application/problem+json;q=0", false),
            ("application/problem+json;q=0.5, */*", false),
            ("application/*", false),
            ("*/*", false),
        ] {
            assert_eq!(prefers_problem(&accept(header)), expected, "{header}");
        }
    }
}
