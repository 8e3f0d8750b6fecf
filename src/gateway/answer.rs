//! Responses: replies as JSON, errors as `google.rpc.Status` JSON, metadata as
//! `Grpc-Metadata-*` headers.

use super::failure::http_status;
use crate::upstream::Code;
use axum::body::Body;
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use std::borrow::Cow;

/// What every exchange ends in.
pub(super) type Response = http::Response<Body>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What metadata may add to a response at most.
const MAX_METADATA_FIELDS: usize = 64;
const MAX_METADATA_BYTES: usize = 16 << 10;

/// A 200 with a JSON body.
pub(super) fn ok(body: Vec<u8>, metadata: &HeaderMap) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    add_metadata(response.headers_mut(), metadata);
    response
}

/// A 204 that says what may be done with a path.
pub(super) fn options(allow: HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(http::header::ALLOW, allow);
    response
}

/// An error on its way to becoming a response.
#[derive(Debug)]
pub(super) struct Error {
    code: Code,
    http: StatusCode,
    message: Cow<'static, str>,
    details: Vec<Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Error {
    pub(super) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, http: http_status(code), message: message.into(), details: Vec::new(), headers: Vec::new() }
    }

    pub(super) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    pub(super) fn code(&self) -> Code {
        self.code
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Another HTTP status than the code's own, where HTTP has the better word.
    pub(super) fn with_http(mut self, http: StatusCode) -> Self {
        self.http = http;
        self
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn with_details(mut self, details: Vec<Value>) -> Self {
        self.details = details;
        self
    }

    /// Names a wrong field, as `google.rpc.BadRequest`.
    pub(super) fn with_violation(mut self, field: String, description: impl Into<String>) -> Self {
        self.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{ "field": field, "description": description.into() }],
        }));
        self
    }

    /// Ends the connection after this response: what is left of the request on it
    /// cannot be told from the next one.
    pub(super) fn closing(self) -> Self {
        self.with_header(CONNECTION, HeaderValue::from_static("close"))
    }

    pub(super) fn respond(self) -> Response {
        let body = json!({ "code": self.code as i32, "message": self.message, "details": self.details });
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.http;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, JSON);
        headers.extend(self.headers.into_iter().map(|(name, value)| (Some(name), value)));
        response
    }
}

/// Adds a backend's metadata as `Grpc-Metadata-*`; what is reserved by gRPC or
/// too much is left out.
pub(super) fn add_metadata(headers: &mut HeaderMap, metadata: &HeaderMap) {
    let mut fields = 0;
    let mut bytes = 0;
    for (name, value) in metadata {
        if is_reserved(name) {
            continue;
        }
        fields += 1;
        bytes += name.as_str().len() + value.len();
        if fields > MAX_METADATA_FIELDS || bytes > MAX_METADATA_BYTES {
            tracing::warn!(fields, bytes, "the backend sent more metadata than a response may carry");
            return;
        }
        if let Ok(prefixed) = HeaderName::try_from(format!("grpc-metadata-{name}")) {
            headers.append(prefixed, value.clone());
        }
    }
}

/// Names that belong to the protocol below and say nothing to an HTTP client.
fn is_reserved(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("grpc-")
        || name.starts_with("content-")
        || matches!(
            name,
            "date" | "server" | "connection" | "trailer" | "te" | "transfer-encoding" | "keep-alive" | "upgrade"
                | "set-cookie" | "location" | "status"
        )
        || name.starts_with("proxy-")
        || name.starts_with("access-control-")
}
