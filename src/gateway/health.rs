//! The health path: the backend's own `grpc.health.v1` answer as HTTP.

use super::accept::Form;
use super::answer::{self, Response};
use super::error::Error;
use super::failure::Failure;
use crate::upstream::{Code, Failure as Upstreams, Health, Upstream};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use percent_encoding::percent_decode_str;
use std::time::Duration;

/// How long the backend may take to say how it is.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

const SERVING: Bytes = Bytes::from_static(br#"{"status":"SERVING"}"#);
const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// Answers `GET /healthz[?service=NAME]`: 200 when serving, 503 when not, 404 for
/// a service that the backend does not know.
pub(super) async fn answer(upstream: &Upstream, head: &Parts) -> Result<Response, Failure> {
    match head.method {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => return Ok(answer::options(ALLOWED)),
        _ => {
            return Err(Failure::WrongMethod {
                allow: ALLOWED,
                method: head.method.clone(),
            });
        }
    }
    let service = head
        .uri
        .query()
        .and_then(|query| {
            query
                .split('&')
                .find_map(|parameter| parameter.strip_prefix("service="))
        })
        .map(|service| percent_decode_str(service).decode_utf8_lossy().into_owned())
        .unwrap_or_default();
    let health = upstream
        .check_health(&service, PATIENCE)
        .await
        .map_err(Failure::Upstream)?;
    Ok(match health {
        Health::Serving => answer::ok(Form::Json, SERVING, None, &HeaderMap::new()),
        Health::NotServing => unhealthy("the backend is not serving"),
        Health::Unknown => unhealthy("the backend does not know its health"),
        Health::ServiceUnknown => {
            Error::new(Code::NotFound, "the backend has no such service").respond()
        }
    })
}

fn unhealthy(message: &'static str) -> Response {
    Error::new(Code::Unavailable, message).respond()
}

/// Whether calls can be expected to succeed, for readiness: a backend without a
/// health service counts as healthy when it can be reached.
pub(super) async fn probe(upstream: Upstream) -> Result<(), String> {
    match upstream.check_health("", PATIENCE).await {
        Ok(Health::Serving) => Ok(()),
        Ok(health) => Err(format!("the backend's health is {health:?}")),
        Err(failure @ Upstreams::Status(_)) if failure.code() == Code::Unimplemented => Ok(()),
        Err(failure) => Err(failure.to_string()),
    }
}
