//! Any templates and a path: each is refused at a place that it has, or prints
//! itself in a form that parses as the same; a path routed by a table is one that
//! its template matches.

use super::assert_one_line;
use http::Method;
use trestle::route::{Match, Table};
use trestle::rule::{MethodMatch, Segment, Template};

/// Lines of templates; the last line is a path.
pub(crate) fn templates(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (lines, path) = text.rsplit_once('\n').unwrap_or((text, "/"));
    let templates: Vec<Template> = lines.split('\n').take(32).filter_map(parse).collect();
    let get = MethodMatch::Exact(Method::GET);
    let Ok(table) = Table::build(templates.iter().map(|template| (&get, template))) else {
        return;
    };
    match table.find(&Method::GET, path) {
        Ok(Match::Found { binding, captures }) => {
            let template = &templates[binding];
            assert_eq!(literal_prefix(template), path_prefix(template, path));
            for variable in template.variables() {
                let value = captures
                    .decode(variable.segments.clone(), variable.multi)
                    .expect("a routed path decodes");
                assert!(variable.multi || !value.is_empty());
                assert!(!value.chars().any(char::is_control), "{value:?}");
            }
        }
        Ok(Match::WrongMethod { .. }) => panic!("every route is of this method"),
        Ok(Match::NoPath) => {}
        Err(error) => {
            assert!(error.offset <= path.len());
            assert_one_line(&error.to_string());
        }
    }
}

fn parse(text: &str) -> Option<Template> {
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => {
            assert!(error.column <= text.len(), "{text:?}: {error}");
            assert_one_line(&error.message);
            return None;
        }
    };
    let printed = template.to_string();
    let again = Template::parse(&printed)
        .unwrap_or_else(|error| panic!("{text:?} printed as {printed:?}: {error}"));
    assert_eq!(again.segments(), template.segments(), "{text:?}");
    assert_eq!(again.verb(), template.verb(), "{text:?}");
    assert_eq!(again.to_string(), printed);
    Some(template)
}

/// The literals before the first wildcard.
fn literal_prefix(template: &Template) -> Vec<Vec<u8>> {
    let literal = |segment: &Segment| match segment {
        Segment::Literal(text) => Some(text.clone().into_bytes()),
        _ => None,
    };
    template.segments().iter().map_while(literal).collect()
}

/// As many segments of the path, decoded, without the template's verb.
fn path_prefix(template: &Template, path: &str) -> Vec<Vec<u8>> {
    let path = match template.verb() {
        Some(_) => path.rsplit_once(':').expect("its verb was found").0,
        None => path,
    };
    let segments = path
        .split('/')
        .skip(1)
        .filter(|segment| !segment.is_empty());
    segments
        .take(literal_prefix(template).len())
        .map(decode)
        .collect()
}

/// Percent-decodes what is known to be well-formed.
fn decode(segment: &str) -> Vec<u8> {
    let mut rest = segment.as_bytes();
    let mut out = Vec::new();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        out.push(match byte {
            b'%' => {
                let digits = std::str::from_utf8(&rest[..2]).expect("the path was accepted");
                rest = &rest[2..];
                u8::from_str_radix(digits, 16).expect("the path was accepted")
            }
            byte => byte,
        });
    }
    out
}
