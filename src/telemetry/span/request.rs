//! What a span keeps of an HTTP request: copied, since the bytes that a head was
//! read into are the connection's to use again. Nothing that may be a secret:
//! neither credentials nor cookies, and of a query the names alone, where it has any.

use axum::extract::ConnectInfo;
use http::header::{HOST, USER_AGENT};
use http::request::Parts;
use std::net::SocketAddr;

/// The longest text that is kept of any one part.
const MAX_TEXT: usize = 1024;

/// The parts of a request that its span tells of, in one allocation.
#[derive(Debug)]
pub(super) struct Request {
    text: Box<str>,
    /// Where path, query and host end; the user agent is the rest.
    ends: [u16; 3],
    has_query: bool,
    pub(super) peer: Option<SocketAddr>,
}

impl Request {
    pub(super) fn of(head: &Parts) -> Self {
        let header = |name| {
            let value = head.headers.get(name);
            value.and_then(|value: &http::HeaderValue| value.to_str().ok())
        };
        let host = head.uri.authority().map(|authority| authority.as_str());
        let host = host.or_else(|| header(HOST)).unwrap_or_default();
        let query = head.uri.query();
        let parts = [
            cut(head.uri.path()),
            cut(query.unwrap_or_default()),
            cut(without_user(host)),
            cut(header(USER_AGENT).unwrap_or_default()),
        ];
        let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
        let mut ends = [0; 3];
        for (index, part) in parts.into_iter().enumerate() {
            text.push_str(part);
            if let Some(end) = ends.get_mut(index) {
                *end = text.len() as u16;
            }
        }
        let peer = head.extensions.get::<ConnectInfo<SocketAddr>>();
        Self {
            text: text.into_boxed_str(),
            ends,
            has_query: query.is_some(),
            peer: peer.map(|peer| peer.0),
        }
    }

    pub(super) fn path(&self) -> &str {
        self.part(0, self.ends[0])
    }

    /// The query with its values struck out: a key or a signature may be anywhere.
    pub(super) fn query(&self) -> Option<String> {
        let query = self.part(self.ends[0], self.ends[1]);
        self.has_query.then(|| struck_out(query))
    }

    /// Host and port, where the request named one.
    pub(super) fn host(&self) -> Option<(&str, Option<u16>)> {
        let host = self.part(self.ends[1], self.ends[2]);
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, port.parse().ok()),
            _ => (host, None),
        };
        (!name.is_empty()).then_some((name, port))
    }

    pub(super) fn user_agent(&self) -> Option<&str> {
        let agent = &self.text[usize::from(self.ends[2])..];
        (!agent.is_empty()).then_some(agent)
    }

    fn part(&self, from: u16, to: u16) -> &str {
        &self.text[usize::from(from)..usize::from(to)]
    }
}

fn struck_out(query: &str) -> String {
    let names = query
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, _)) => format!("{name}=REDACTED"),
            None if parameter.is_empty() => String::new(),
            // Not a name without a value but, as likely, a token all by itself.
            None => "REDACTED".to_owned(),
        });
    names.collect::<Vec<_>>().join("&")
}

/// An authority without the user and the password that may stand before its host.
fn without_user(authority: &str) -> &str {
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}

/// As much as is kept, cut between characters.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, headers: &[(&str, &str)]) -> Request {
        let mut builder = http::Request::get(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        Request::of(&builder.body(()).expect("a valid request").into_parts().0)
    }

    #[test]
    fn parts_are_told_apart_and_values_of_queries_left_out() {
        let request = request(
            "/v1/a?key=s3cret&flag&b=1=2",
            &[("host", "[::1]:8080"), ("user-agent", "curl/8")],
        );
        assert_eq!(request.path(), "/v1/a");
        let query = request.query().expect("a query");
        assert_eq!(query, "key=REDACTED&REDACTED&b=REDACTED");
        assert_eq!(request.host(), Some(("[::1]", Some(8080))));
        assert_eq!(request.user_agent(), Some("curl/8"));
    }

    #[test]
    fn what_is_absent_is_none_and_what_is_long_is_cut() {
        let request = request(&format!("/{}", "%C3%A9".repeat(500)), &[]);
        assert!(request.path().len() <= MAX_TEXT);
        assert_eq!((request.query(), request.host()), (None, None));
        assert_eq!(request.user_agent(), None);
    }
}
