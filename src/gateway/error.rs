//! Errors as responses: `google.rpc.Status` in JSON.

use super::answer::{self, JSON, Response};
use super::failure::http_status;
use super::problem;
use crate::upstream::Code;
use axum::body::Body;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// An error on its way to becoming a response.
#[derive(Debug, Clone)]
pub(super) struct Error {
    code: Code,
    http: StatusCode,
    message: Cow<'static, str>,
    details: Vec<Detail>,
    /// The encoded `google.rpc.Status` of a backend, unverified.
    sent: Bytes,
    headers: Vec<(HeaderName, HeaderValue)>,
    metadata: Vec<HeaderMap>,
}

/// `google.rpc.Status` in JSON.
#[derive(Serialize)]
struct Status<'a> {
    code: i32,
    message: &'a str,
    details: &'a [Detail],
}

/// One entry of a status's details.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Detail {
    /// What a backend sent, as JSON already.
    Json(Box<RawValue>),
    /// What a backend sent, of a type that nobody knows.
    Unknown {
        #[serde(rename = "@type")]
        type_url: String,
        /// Base64.
        value: String,
    },
    /// `google.rpc.BadRequest`, of the gateway's own.
    #[serde(rename_all = "camelCase")]
    BadRequest {
        #[serde(rename = "@type")]
        kind: BadRequestType,
        field_violations: [Violation; 1],
    },
}

/// The type URL of `google.rpc.BadRequest`.
#[derive(Debug, Clone, Serialize)]
pub(super) enum BadRequestType {
    #[serde(rename = "type.googleapis.com/google.rpc.BadRequest")]
    Url,
}

/// One wrong field.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Violation {
    pub(super) field: String,
    pub(super) description: String,
}

impl Error {
    pub(super) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            http: http_status(code),
            message: message.into(),
            details: Vec::new(),
            sent: Bytes::new(),
            headers: Vec::new(),
            metadata: Vec::new(),
        }
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

    pub(super) fn details(&self) -> &[Detail] {
        &self.details
    }

    /// The encoded status of a backend; empty where there is none.
    pub(super) fn sent(&self) -> &[u8] {
        &self.sent
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

    /// The details of a backend's status, and the status itself.
    pub(super) fn with_details(mut self, details: Vec<Detail>, sent: Bytes) -> Self {
        self.details = details;
        self.sent = sent;
        self
    }

    /// When to try again, if that is known.
    pub(super) fn retry_after(self, seconds: Option<u64>) -> Self {
        match seconds {
            Some(seconds) => self.with_header(RETRY_AFTER, seconds.into()),
            None => self,
        }
    }

    /// Metadata of the backend that goes with the error.
    pub(super) fn with_metadata(mut self, metadata: HeaderMap) -> Self {
        self.metadata.push(metadata);
        self
    }

    /// Names a wrong field, as `google.rpc.BadRequest`.
    pub(super) fn with_violation(mut self, field: String, description: impl Into<String>) -> Self {
        self.details.push(Detail::BadRequest {
            kind: BadRequestType::Url,
            field_violations: [Violation {
                field,
                description: description.into(),
            }],
        });
        self
    }

    /// Ends the connection after this response: what is left of the request on it
    /// cannot be told from the next one.
    pub(super) fn closing(self) -> Self {
        self.with_header(CONNECTION, HeaderValue::from_static("close"))
    }

    /// `google.rpc.Status` as JSON.
    pub(super) fn json(&self) -> Vec<u8> {
        let status = Status {
            code: self.code as i32,
            message: &self.message,
            details: &self.details,
        };
        serde_json::to_vec(&status).expect("text and checked JSON serialize")
    }

    /// The response, as JSON. The error goes along for those who spell it anew;
    /// see `problem`.
    pub(super) fn respond(mut self) -> Response {
        let body = self.json();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.http;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, JSON);
        headers.extend(
            std::mem::take(&mut self.headers)
                .into_iter()
                .map(|(name, value)| (Some(name), value)),
        );
        for metadata in &self.metadata {
            answer::add_metadata(headers, metadata);
            problem::challenge(self.http, headers, metadata);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// The answer to a request whose handling panicked. What the panic said is for the
/// panic hook, not for the caller.
pub(super) fn of_panic(_: Box<dyn std::any::Any + Send>) -> Response {
    Error::new(Code::Internal, "internal error in the gateway").respond()
}
