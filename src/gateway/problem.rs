//! Errors as problem details (RFC 9457) or protobuf, for callers that ask for them, and what
//! HTTP wants beside the body of an error: a challenge with 401, and that nobody
//! stores it.

use super::accept::{self, Form, PROBLEM};
use super::answer::Response;
use super::content;
use super::error::{Detail, Error};
use super::hooks::{ErrorBody, Hooks};
use super::status;
use axum::body::Body;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, VARY, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

/// Problem details; `code` and `details` are the gRPC status, as extensions.
#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: i32,
    details: &'a [Detail],
}

/// Finishes a response that is an error; others are left alone.
pub(super) fn finish(request: &HeaderMap, hooks: &Hooks, response: &mut Response) {
    let Some(error) = response.extensions_mut().remove::<Error>() else {
        return;
    };
    let http = response.status();
    let own = hooks.error(&error, http, request);
    let label = content::label_of_nothing(request);
    let spelt = match accept::form(request, label, true) {
        Some(Form::Protobuf(name)) => Some((name, status::encode(&error))),
        _ if accept::prefers_problem(request) => Some((PROBLEM, body(&error, http))),
        _ => None,
    };
    if let Some(ErrorBody { content_type, body }) = own {
        *response.body_mut() = Body::from(body);
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    } else if let Some((name, body)) = spelt {
        *response.body_mut() = Body::from(body);
        let name = HeaderValue::from_static(name);
        response.headers_mut().insert(CONTENT_TYPE, name);
    }
    let headers = response.headers_mut();
    // 404, 405, 414 and 501 may be stored by default (RFC 9110 §15.1), and would
    // outlive the reason for them.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.append(VARY, HeaderValue::from_static("accept"));
    if http == StatusCode::UNAUTHORIZED && !headers.contains_key(WWW_AUTHENTICATE) {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
}

fn body(error: &Error, status: StatusCode) -> Vec<u8> {
    let problem = Problem {
        // With this type the title is HTTP's own (RFC 9457 §4.2.1).
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or("Client Closed Request"),
        status: status.as_u16(),
        detail: error.message(),
        code: error.code() as i32,
        details: error.details(),
    };
    serde_json::to_vec(&problem).expect("text and checked JSON serialize")
}

/// The challenges of a backend, which alone knows what it would accept.
pub(super) fn challenge(http: StatusCode, headers: &mut HeaderMap, metadata: &HeaderMap) {
    if http == StatusCode::UNAUTHORIZED {
        for value in metadata.get_all(WWW_AUTHENTICATE) {
            headers.append(WWW_AUTHENTICATE, value.clone());
        }
    }
}
