//! Cross-origin requests (Fetch §3.2): which other origins a browser may let use
//! the gateway. Only origins that are listed letter by letter are ever named in a
//! response; without any this is all off.

use super::answer::Response;
use super::settings::Settings;
use super::{Tables, metadata};
use crate::route::Match;
use axum::body::Body;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderName, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// No browser keeps the answer to a preflight longer.
const LONGEST: Duration = Duration::from_secs(7200);

/// Which origins may read responses, and how.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Cors {
    /// The origins; none turns everything here off.
    pub origins: Vec<Origin>,
    /// Whether browsers may send cookies and other credentials of their own.
    pub credentials: bool,
    /// How long a browser may keep the answer to a preflight, two hours at most.
    pub max_age: Duration,
}

/// An origin as browsers spell it: `scheme://host`, and the port where it is not
/// the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// A text that is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnOrigin;

impl Default for Cors {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            credentials: false,
            max_age: LONGEST,
        }
    }
}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let text = text.to_ascii_lowercase();
        let uri: Uri = text.parse().map_err(|_| NotAnOrigin)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(NotAnOrigin);
        };
        // Comparing with what was parsed leaves no room for a path, a query or an
        // empty port; no browser names a port that goes without saying.
        let port = authority.port_u16();
        let implied = matches!((scheme, port), ("http", Some(80)) | ("https", Some(443)));
        let exact = match port {
            Some(port) => format!("{scheme}://{}:{port}", authority.host()),
            None => format!("{scheme}://{}", authority.host()),
        };
        if exact != text || implied || authority.host().contains('*') {
            return Err(NotAnOrigin);
        }
        HeaderValue::try_from(text)
            .map(Self)
            .map_err(|_| NotAnOrigin)
    }
}

impl fmt::Display for NotAnOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not an origin; write each one as browsers do, like `https://app.example.com` or \
             `http://localhost:3000`, with no path, no wildcard, and no port 80 or 443",
        )
    }
}

impl std::error::Error for NotAnOrigin {}

/// Answers a preflight from a listed origin; anything else goes its way.
pub(super) fn preflight(tables: &Tables, head: &Parts) -> Option<Response> {
    let settings = &tables.settings;
    if settings.cors.origins.is_empty() || head.method != Method::OPTIONS {
        return None;
    }
    settings.cors.allowed(&head.headers)?;
    let method = head.headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
    // CONNECT has no path, so this finds what the path has without a binding.
    let methods = match tables.routes.find(&Method::CONNECT, head.uri.path()).ok()? {
        Match::WrongMethod { allow } => HeaderValue::from_str(&allow).ok()?,
        // A rule for all methods.
        Match::Found { .. } => method.clone(),
        Match::NoPath => return None,
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    if let Some(names) = allowed_headers(&head.headers, settings) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names);
    }
    let age = settings.cors.max_age.min(LONGEST).as_secs();
    headers.insert(ACCESS_CONTROL_MAX_AGE, age.into());
    Some(response)
}

/// Of the headers that a preflight asks for, those that the gateway does something
/// with. `Grpc-Metadata-*` cannot be told by a list.
fn allowed_headers(request: &HeaderMap, settings: &Settings) -> Option<HeaderValue> {
    let names: Vec<&str> = request
        .get_all(ACCESS_CONTROL_REQUEST_HEADERS)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|name| {
            HeaderName::from_bytes(name.as_bytes())
                .is_ok_and(|name| metadata::is_read(&name, settings))
        })
        .collect();
    let names = (!names.is_empty()).then(|| names.join(", "))?;
    HeaderValue::try_from(names).ok()
}

impl Cors {
    /// Adds what a browser needs to let a listed origin read the response.
    pub(super) fn finish(&self, head: &Parts, response: &mut Response) {
        if self.origins.is_empty() {
            return;
        }
        let vary = if head.method == Method::OPTIONS {
            "origin, access-control-request-method, access-control-request-headers"
        } else {
            "origin"
        };
        let headers = response.headers_mut();
        headers.append(VARY, HeaderValue::from_static(vary));
        let Some(origin) = self.allowed(&head.headers) else {
            return;
        };
        let exposed = exposed(headers);
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if self.credentials {
            let credentials = HeaderValue::from_static("true");
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, credentials);
        }
        let is_preflight = headers.contains_key(ACCESS_CONTROL_ALLOW_METHODS);
        if let Some(exposed) = exposed.filter(|_| !is_preflight) {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }

    /// The request's origin, when it is listed.
    fn allowed(&self, request: &HeaderMap) -> Option<&HeaderValue> {
        let mut given = request.get_all(ORIGIN).iter();
        let (Some(given), None) = (given.next(), given.next()) else {
            return None;
        };
        self.origins
            .iter()
            .map(|Origin(origin)| origin)
            .find(|origin| *origin == given)
    }
}

/// The names of a response's headers that scripts do not see by themselves; with
/// credentials `*` would mean nothing.
fn exposed(headers: &HeaderMap) -> Option<HeaderValue> {
    let names: Vec<&str> = headers
        .keys()
        .map(HeaderName::as_str)
        .filter(|name| {
            !matches!(
                *name,
                "cache-control" | "content-length" | "content-type" | "vary" | "connection"
            )
        })
        .collect();
    HeaderValue::try_from(names.join(", "))
        .ok()
        .filter(|names| !names.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn origins_are_what_browsers_send() {
        for good in [
            "https://app.example.com",
            "http://localhost:3000",
            "http://[::1]:8080",
            "https://a.example:8443",
        ] {
            assert_eq!(good.parse::<Origin>().unwrap().0, good);
        }
        let upper: Origin = "HTTPS://App.Example.com".parse().unwrap();
        assert_eq!(upper.0, "https://app.example.com");
        for bad in [
            "*",
            "null",
            "",
            "example.com",
            "https://",
            "https://a.example/",
            "https://a.example/x",
            "https://a.example?x",
            "https://u@a.example",
            "https://a.example:443",
            "http://a.example:80",
            "https://a.example:",
            "https://*.example.com",
            "https://a.example https://b.example",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(NotAnOrigin), "{bad}");
        }
    }
}
