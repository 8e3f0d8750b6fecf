//! Which pages may open a WebSocket. A browser lets every page try, and sends the
//! user's credentials with it, so it is the server that must look (RFC 6455 §10.2).
//! What sends no `Origin` is no browser, and free.

use super::super::content;
use super::super::failure::Failure;
use super::super::settings::WebSocket;
use http::header::{HOST, ORIGIN};
use http::request::Parts;

/// Lets the gateway's own origin pass, and those that are listed.
pub(super) fn check(head: &Parts, settings: &WebSocket) -> Result<(), Failure> {
    for origin in head.headers.get_all(ORIGIN) {
        let text = origin.to_str().unwrap_or_default();
        let listed = settings
            .origins
            .iter()
            .any(|listed| listed == "*" || listed.eq_ignore_ascii_case(text));
        if !listed && !is_own(text, head) {
            let origin = content::shown(origin.as_bytes());
            return Err(Failure::ForeignOrigin { origin });
        }
    }
    Ok(())
}

/// Whether an origin is the host that was asked for. The scheme is not compared:
/// behind a proxy that ends TLS it is not known here.
fn is_own(origin: &str, head: &Parts) -> bool {
    let host = match head.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => head.headers.get(HOST).and_then(|host| host.to_str().ok()),
    };
    let (Some(host), Some((scheme, authority))) = (host, origin.split_once("://")) else {
        return false;
    };
    // A browser leaves the scheme's own port out of both.
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let plain = |authority: &str| {
        let authority = authority.to_ascii_lowercase();
        authority
            .strip_suffix(port)
            .map(str::to_owned)
            .unwrap_or(authority)
    };
    !host.is_empty() && plain(authority) == plain(host)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use http::Request;

    fn passes(origin: &str, host: &str, listed: &[&str]) -> bool {
        let request = Request::get("/").header(ORIGIN, origin).header(HOST, host);
        let (head, ()) = request.body(()).unwrap().into_parts();
        let settings = WebSocket {
            origins: listed.iter().map(|&origin| origin.to_owned()).collect(),
            ..WebSocket::default()
        };
        check(&head, &settings).is_ok()
    }

    #[test]
    fn own_and_listed_origins_pass() {
        for (origin, host, listed, expected) in [
            ("http://a.example", "a.example", &[][..], true),
            ("https://a.example", "A.example:443", &[], true),
            ("http://a.example:8080", "a.example:8080", &[], true),
            ("http://[::1]:8080", "[::1]:8080", &[], true),
            ("http://a.example:8081", "a.example:8080", &[], false),
            ("http://b.example", "a.example", &[], false),
            ("http://a.example.evil", "a.example", &[], false),
            ("null", "a.example", &[], false),
            ("http://", "", &[], false),
            ("file://a.example", "a.example", &[], false),
            (
                "https://b.example",
                "a.example",
                &["https://b.example"],
                true,
            ),
            (
                "http://b.example",
                "a.example",
                &["https://b.example"],
                false,
            ),
            ("null", "a.example", &["null"], true),
            ("https://c.example", "a.example", &["*"], true),
        ] {
            assert_eq!(
                passes(origin, host, listed),
                expected,
                "{origin} at {host}, {listed:?}"
            );
        }
        let (head, ()) = Request::get("/").body(()).unwrap().into_parts();
        assert!(check(&head, &WebSocket::default()).is_ok(), "no browser");
    }
}
