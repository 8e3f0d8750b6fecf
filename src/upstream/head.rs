//! The heads of a call: the request's as gRPC wants it, and whether a response's
//! is gRPC at all ("gRPC over HTTP/2", Requests and Responses).

use super::{Failure, status, timeout};
use http::header::{CONTENT_TYPE, TE, USER_AGENT};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version};
use tokio::time::Instant;

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const TRAILERS: HeaderValue = HeaderValue::from_static("trailers");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("trestle/", env!("CARGO_PKG_VERSION")));
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The parts of a request that every attempt shares.
pub(super) struct Head {
    pub(super) path: PathAndQuery,
    pub(super) metadata: Vec<(HeaderName, HeaderValue)>,
    pub(super) idempotent: bool,
    pub(super) deadline: Instant,
}

impl Head {
    /// The request for one attempt, with the time that is left.
    pub(super) fn request<B>(
        &self,
        authority: Authority,
        body: B,
    ) -> Result<http::Request<B>, Failure> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let mut headers = HeaderMap::with_capacity(self.metadata.len() + 4);
        headers.insert(TE, TRAILERS);
        headers.insert(CONTENT_TYPE, GRPC);
        headers.insert(USER_AGENT, AGENT);
        headers.insert(GRPC_TIMEOUT, timeout::encode(left));
        for (name, value) in &self.metadata {
            headers.append(name.clone(), value.clone());
        }
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(authority);
        parts.path_and_query = Some(self.path.clone());
        let uri = Uri::from_parts(parts)
            .map_err(|_| Failure::Protocol("a method path that is not a URI"))?;
        let mut request = http::Request::new(body);
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// Checks that a response's head is gRPC's. A status in it ends the call; the
/// result says whether that status was OK, as some servers send it early.
pub(super) fn check(status: StatusCode, headers: &HeaderMap) -> Result<bool, Failure> {
    let stated = status::read(headers).transpose().map_err(Failure::Status)?;
    if status != StatusCode::OK || !is_grpc(headers) {
        return Err(Failure::NotGrpc(status));
    }
    Ok(stated.is_some())
}

/// `application/grpc`, also with a suffix or parameters.
fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.as_bytes().strip_prefix(b"application/grpc"))
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';' | b' ')))
}
