//! A command that calls a route, to be pasted into a shell.

use crate::rule::{Binding, BodySelector, MethodMatch, Segment};
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What need not be encoded in a path segment; all of it is safe in a shell too.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// A `curl` line for the simplest of the routes; `None` when there is none.
pub(super) fn curl(routes: &[Binding], host: &str) -> Option<String> {
    let simplest = routes.iter().min_by_key(|route| {
        let wildcards = route
            .template
            .segments()
            .iter()
            .filter(|segment| !is_literal(segment));
        (wildcards.count(), !matches!(route.body, BodySelector::None))
    })?;
    Some(line(simplest, host))
}

/// A `curl` line for a route, its variables filled in with `1`.
pub(super) fn line(route: &Binding, host: &str) -> String {
    let body = match route.body {
        BodySelector::None => "",
        BodySelector::Whole | BodySelector::Field(_) => " -d '{}'",
    };
    let implied = if body.is_empty() {
        Method::GET
    } else {
        Method::POST
    };
    let method = match &route.http {
        MethodMatch::Exact(method) if *method != implied => format!(" -X {method}"),
        MethodMatch::Exact(_) | MethodMatch::Any => String::new(),
    };
    format!("curl{method} {host}{}{body}", path(route))
}

fn is_literal(segment: &Segment) -> bool {
    matches!(segment, Segment::Literal(_))
}

fn path(route: &Binding) -> String {
    let mut path = String::new();
    for segment in route.template.segments() {
        path.push('/');
        match segment {
            Segment::Literal(text) => path.extend(utf8_percent_encode(text, PLAIN)),
            Segment::One | Segment::Rest => path.push('1'),
        }
    }
    if path.is_empty() {
        path.push('/');
    }
    if let Some(verb) = route.template.verb() {
        path.push(':');
        path.extend(utf8_percent_encode(verb, PLAIN));
    }
    path
}
