//! Who may see the debug pages: callers on this machine, who also say that they
//! speak to it. The second keeps a web page elsewhere, whose name was made to
//! resolve to this machine, from reading along.

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header, uri::Authority},
    middleware::Next,
    response::Response,
};
use std::net::{IpAddr, SocketAddr};

/// Passes on what comes from this machine; all else is 401, as Go's pages answer.
pub(super) async fn only(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let near = peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    if near && names_this_machine(request.headers(), request.uri().authority()) {
        return next.run(request).await;
    }
    let mut response = Response::new(Body::from("not allowed\n"));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}

fn names_this_machine(headers: &HeaderMap, authority: Option<&Authority>) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (authority, hosts.next(), hosts.next()) {
        // HTTP/2 has the host in the URI, and may repeat it.
        (Some(authority), _, None) => Some(authority.clone()),
        (None, Some(host), None) => Authority::try_from(host.as_bytes()).ok(),
        _ => None,
    };
    host.is_some_and(|host| {
        let name = host.host().trim_start_matches('[').trim_end_matches(']');
        let loopback = |address: IpAddr| address.to_canonical().is_loopback();
        name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(loopback)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_this_machine_are_told_from_others() {
        let of = |host: &'static str| {
            let host = HeaderValue::from_static(host);
            names_this_machine(&HeaderMap::from_iter([(header::HOST, host)]), None)
        };
        for near in [
            "localhost",
            "LocalHost:9465",
            "127.0.0.1:9465",
            "127.1.2.3",
            "[::1]:1",
        ] {
            assert!(of(near), "{near}");
        }
        for far in [
            "",
            "evil.example",
            "localhost.evil.example",
            "10.0.0.1",
            "[::2]",
            "a b",
        ] {
            assert!(!of(far), "{far}");
        }
        assert!(!names_this_machine(&HeaderMap::new(), None));
        let authority = Authority::from_static("localhost:1");
        assert!(names_this_machine(&HeaderMap::new(), Some(&authority)));
    }
}
