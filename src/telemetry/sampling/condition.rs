//! What a rule may ask of a call.

use super::Glob;
use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::percent_decode_str;

/// One thing that must hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The path is this one.
    Path(String),
    /// The path is this one or lies below it: `/api` holds for `/api/x`, and not for
    /// `/apifoo`.
    Prefix(String),
    /// The path fits this pattern.
    PathLike(Glob),
    /// The HTTP method is this one.
    Method(Method),
    /// The host, without its port, fits this pattern.
    Host(Glob),
    /// The request has this header, and with this value where one is given.
    Header(HeaderName, Option<HeaderValue>),
    /// The gRPC method, `package.Service/Method`, fits this pattern.
    Rpc(Glob),
}

/// What a decision may depend on.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    path: &'a str,
    method: &'a Method,
    host: Option<&'a str>,
    headers: &'a HeaderMap,
    rpc: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// A request whose route stands for this method, `package.Service/Method`.
    pub fn of(head: &'a Parts, rpc: Option<&'a str>) -> Self {
        let host = head.uri.host().or_else(|| {
            let host = head.headers.get(HOST)?.to_str().ok()?;
            Some(match host.rsplit_once(':') {
                Some((name, port)) if !port.contains(']') => name,
                _ => host,
            })
        });
        Self {
            path: head.uri.path(),
            method: &head.method,
            host,
            headers: &head.headers,
            rpc,
        }
    }
}

impl Condition {
    pub(super) fn holds(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::Path(path) => below(subject.path, path) == Some(true),
            Self::Prefix(path) => below(subject.path, path).is_some(),
            Self::PathLike(glob) => glob.fits(subject.path),
            Self::Method(method) => subject.method == method,
            Self::Host(glob) => subject.host.is_some_and(|host| glob.fits_any_case(host)),
            Self::Header(name, None) => subject.headers.contains_key(name),
            Self::Header(name, Some(value)) => subject
                .headers
                .get_all(name)
                .iter()
                .any(|given| given == value),
            Self::Rpc(glob) => subject.rpc.is_some_and(|rpc| glob.fits(rpc)),
        }
    }
}

/// Whether a path lies at (true) or below (false) another, segment by segment, each
/// decoded by itself as the router does.
fn below(path: &str, above: &str) -> Option<bool> {
    let above = above.trim_end_matches('/');
    if !path.contains('%') {
        let rest = path.strip_prefix(above)?;
        return (rest.is_empty() || rest.starts_with('/')).then_some(matches!(rest, "" | "/"));
    }
    let mut segments = path.split('/');
    for wanted in above.split('/') {
        if !percent_decode_str(segments.next()?).eq(wanted.bytes()) {
            return None;
        }
    }
    Some(
        segments
            .next()
            .is_none_or(|rest| rest.is_empty() && segments.next().is_none()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_end_where_segments_do() {
        for (path, above, expected) in [
            ("/api", "/api", Some(true)),
            ("/api/", "/api", Some(true)),
            ("/api/x", "/api", Some(false)),
            ("/api/x", "/api/", Some(false)),
            ("/apifoo", "/api", None),
            ("/ap", "/api", None),
            ("/", "/", Some(true)),
            ("/x", "/", Some(false)),
            ("/%61pi/x", "/api", Some(false)),
            ("/%61pi", "/api", Some(true)),
            ("/%61pifoo", "/api", None),
            ("/a%2Fpi/x", "/a/pi", None),
            ("/a%2Fpi/x", "/a%2Fpi", None),
            ("/x%20y", "/", Some(false)),
            ("/caf%C3%A9/x", "/café", Some(false)),
        ] {
            assert_eq!(below(path, above), expected, "{path} below {above}");
        }
    }
}
