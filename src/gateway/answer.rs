//! Responses that are no errors: replies in their form, metadata as `Grpc-Metadata-*`
//! headers.

use super::accept::Form;
use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// What every exchange ends in.
pub(super) type Response = http::Response<Body>;

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What stands before the name of metadata.
pub(super) const METADATA_PREFIX: &str = "grpc-metadata-";

/// What metadata may add to a response at most.
const MAX_METADATA_FIELDS: usize = 64;
const MAX_METADATA_BYTES: usize = 16 << 10;

/// A 200 with a message for its body, which is of type `media` where it is raw.
pub(super) fn ok(
    form: Form,
    body: Bytes,
    media: Option<HeaderValue>,
    metadata: &HeaderMap,
) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    match form {
        Form::Json => {
            headers.insert(CONTENT_TYPE, JSON);
        }
        Form::Protobuf(name) => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(name));
            headers.insert(VARY, HeaderValue::from_static("accept"));
        }
        Form::Raw => {
            headers.extend(media.map(|media| (CONTENT_TYPE, media)));
        }
    }
    add_metadata(response.headers_mut(), metadata);
    response
}

/// A 200 with a body of which more is to come, of type `media`.
pub(super) fn stream<B>(body: B, media: Option<HeaderValue>, metadata: &HeaderMap) -> Response
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.extend(media.map(|media| (CONTENT_TYPE, media)));
    add_metadata(headers, metadata);
    response
}

/// A 204 that says what may be done with a path.
pub(super) fn options(allow: HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(http::header::ALLOW, allow);
    response
}

/// Adds a backend's metadata as `Grpc-Metadata-*`; what is reserved by gRPC or
/// too much is left out.
pub(super) fn add_metadata(headers: &mut HeaderMap, metadata: &HeaderMap) {
    append_metadata(headers, METADATA_PREFIX, metadata);
}

/// Adds a backend's metadata under names that begin with `prefix`.
pub(super) fn append_metadata(headers: &mut HeaderMap, prefix: &str, metadata: &HeaderMap) {
    let mut fields = 0;
    let mut bytes = 0;
    for (name, value) in metadata {
        if is_reserved(name) {
            continue;
        }
        fields += 1;
        bytes += name.as_str().len() + value.len();
        if fields > MAX_METADATA_FIELDS || bytes > MAX_METADATA_BYTES {
            tracing::warn!(
                fields,
                bytes,
                "the backend sent more metadata than a response may carry"
            );
            return;
        }
        if let Ok(prefixed) = HeaderName::try_from(format!("{prefix}{name}")) {
            headers.append(prefixed, value.clone());
        }
    }
}

/// Names that belong to the protocol below and say nothing to an HTTP client.
fn is_reserved(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("grpc-")
        || name.starts_with("content-") && name != "content-disposition"
        || matches!(
            name,
            "date"
                | "server"
                | "connection"
                | "trailer"
                | "te"
                | "transfer-encoding"
                | "keep-alive"
                | "upgrade"
                | "set-cookie"
                | "location"
                | "status"
                | "www-authenticate"
                | "x-http-code"
        )
        || name.starts_with("proxy-")
        || name.starts_with("access-control-")
}
