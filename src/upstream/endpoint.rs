//! Where the backend is: a URL taken apart once.

use http::Uri;
use http::uri::{Authority, Scheme};
use std::fmt;

/// The address of a backend.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    /// The host to resolve and connect to, without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: u16,
    /// What `:authority` says.
    pub(super) authority: Authority,
}

/// A backend URL that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlError {
    url: String,
    fault: &'static str,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "backend URL `{}`: {}; write it like `http://127.0.0.1:9988`",
            self.url, self.fault
        )
    }
}

impl std::error::Error for UrlError {}

impl Endpoint {
    /// Takes `http://host[:port]`; the port is 80 where none is given. A bare
    /// `host:port` means the same, since it can mean nothing else.
    pub(super) fn parse(url: &str) -> Result<Self, UrlError> {
        let fault = |fault| UrlError {
            url: url.to_owned(),
            fault,
        };
        let uri: Uri = url
            .trim_end_matches('/')
            .parse()
            .map_err(|_| fault("it is not a URL"))?;
        let authority = uri.authority().ok_or_else(|| fault("it has no host"))?;
        match uri.scheme() {
            None => {}
            Some(scheme) if *scheme == Scheme::HTTP => {}
            Some(scheme) if *scheme == Scheme::HTTPS => {
                return Err(fault(
                    "TLS to the backend is not supported yet, only plain `http`",
                ));
            }
            Some(_) => return Err(fault("its scheme is not `http`")),
        }
        if uri.path_and_query().is_some_and(|path| path != "/") {
            return Err(fault(
                "it has a path, and gRPC paths come from the descriptors",
            ));
        }
        if authority.as_str().contains('@') {
            return Err(fault("it has user information"));
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']');
        if host.is_empty() {
            return Err(fault("it has no host"));
        }
        let port = match &authority.as_str()[authority.host().len()..] {
            "" => 80,
            port => port[1..]
                .parse()
                .map_err(|_| fault("its port is not a number up to 65535"))?,
        };
        Ok(Self {
            host: host.to_owned(),
            port,
            authority: authority.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        for (url, host, port, authority) in [
            ("http://127.0.0.1:9988", "127.0.0.1", 9988, "127.0.0.1:9988"),
            ("http://backend/", "backend", 80, "backend"),
            ("backend:50051", "backend", 50051, "backend:50051"),
            ("http://[::1]:50051", "::1", 50051, "[::1]:50051"),
        ] {
            let endpoint = Endpoint::parse(url).expect(url);
            assert_eq!(
                (
                    endpoint.host.as_str(),
                    endpoint.port,
                    endpoint.authority.as_str()
                ),
                (host, port, authority)
            );
        }
    }

    #[test]
    fn faulty_urls_are_named() {
        for (url, fault) in [
            ("https://backend:443", "TLS"),
            ("ftp://backend", "scheme"),
            ("http://backend/path", "path"),
            ("http://user@backend", "user"),
            ("http://backend:99999", "port"),
            ("/path", "host"),
            ("", "URL"),
        ] {
            let error = Endpoint::parse(url).expect_err(url).to_string();
            assert!(
                error.contains(fault) && error.contains(&format!("`{url}`")),
                "{url}: {error}"
            );
        }
    }
}
