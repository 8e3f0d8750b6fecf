//! The HTTP status that a backend chooses for a reply: metadata `x-http-code`, the
//! name that the recipes of grpc-gateway have made common, and `location` with it.
//! Errors keep the status of their code.

use super::answer::Response;
use axum::body::Body;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, StatusCode};

pub(super) const HTTP_CODE: HeaderName = HeaderName::from_static("x-http-code");

/// Gives a reply the status that its metadata asks for.
pub(super) fn apply(response: &mut Response, metadata: &HeaderMap) {
    if let Some(status) = set(response, metadata, |_| true)
        && has_no_content(status)
    {
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(CONTENT_TYPE);
        response.headers_mut().remove(CONTENT_LENGTH);
    }
}

/// The same for a reply that is a stream, which no status may take the content of.
pub(super) fn apply_to_stream(response: &mut Response, metadata: &HeaderMap) {
    set(response, metadata, |status| !has_no_content(status));
}

/// The status that was set, if one was.
fn set(
    response: &mut Response,
    metadata: &HeaderMap,
    may_be: impl FnOnce(StatusCode) -> bool,
) -> Option<StatusCode> {
    let code = metadata.get(HTTP_CODE)?;
    let location = metadata
        .get(LOCATION)
        .filter(|location| location.as_bytes().iter().all(u8::is_ascii_graphic))
        .filter(|location| !location.is_empty());
    let status = StatusCode::from_bytes(code.as_bytes())
        .ok()
        .filter(|status| is_for_replies(*status, location.is_some()) && may_be(*status));
    let Some(status) = status else {
        tracing::debug!(
            ?code,
            "the backend asks for an HTTP status that no reply may have"
        );
        return None;
    };
    *response.status_mut() = status;
    if status == StatusCode::CREATED || is_redirection(status) {
        let location = location.map(|location| (LOCATION, location.clone()));
        response.headers_mut().extend(location);
    }
    Some(status)
}

/// Success, "not modified", and a redirection that says where to.
fn is_for_replies(status: StatusCode, has_location: bool) -> bool {
    status.is_success()
        || status == StatusCode::NOT_MODIFIED
        || is_redirection(status) && has_location
}

fn is_redirection(status: StatusCode) -> bool {
    status.is_redirection() && status != StatusCode::NOT_MODIFIED
}

/// RFC 9110 §15.3.5, §15.3.6 and §15.4.5.
fn has_no_content(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    )
}
