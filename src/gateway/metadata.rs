//! Request headers to gRPC metadata, by an allow-list: `authorization`, what the
//! operator lists, and `Grpc-Metadata-*` without its prefix. Trace context is not
//! forwarded but derived, so that no foreign trace header slips through.

use super::failure::Failure;
use super::settings::Settings;
use crate::telemetry::propagation::{Decision, extract, inject, is_trace_header};
use crate::upstream::{decode_binary, encode_binary};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

const PREFIX: &str = "grpc-metadata-";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The metadata that goes upstream with a request of these headers.
pub(super) fn of(
    headers: &HeaderMap,
    settings: &Settings,
) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let mut metadata = Vec::with_capacity(4);
    for (name, value) in headers {
        let Some(name) = allowed(name, settings) else {
            continue;
        };
        if name.as_str().ends_with("-bin") {
            let value = binary(value).ok_or_else(|| Failure::BadBinaryHeader(name.clone()))?;
            metadata.push((name, value));
        } else if is_ascii_value(value) && (name != REQUEST_ID || is_request_id(value)) {
            metadata.push((name, value.clone()));
        } else {
            // gRPC asks that such a value is dropped rather than failing the call.
            tracing::debug!(%name, "a header value that gRPC cannot carry was dropped");
        }
    }
    add_trace_context(headers, settings, &mut metadata);
    Ok(metadata)
}

/// Passes the caller's trace on, in the configured formats. Where the caller has
/// none, the backend starts one by its own rules.
fn add_trace_context(
    headers: &HeaderMap,
    settings: &Settings,
    metadata: &mut Vec<(HeaderName, HeaderValue)>,
) {
    let extracted = extract(headers);
    if extracted.context().is_none() && extracted.decision() == Decision::Defer {
        return;
    }
    let mut trace = HeaderMap::new();
    let context = extracted.or_new(settings.trace_formats, Decision::Accept);
    inject(&context, settings.trace_formats, &mut trace);
    for (name, value) in trace {
        metadata.extend(name.map(|name| (name, value)));
    }
}

/// The metadata name of an allowed header.
fn allowed(name: &HeaderName, settings: &Settings) -> Option<HeaderName> {
    if *name == AUTHORIZATION || *name == REQUEST_ID {
        return Some(name.clone());
    }
    if let Some(bare) = name.as_str().strip_prefix(PREFIX) {
        return match HeaderName::from_bytes(bare.as_bytes()) {
            Ok(bare) if may_be_set(&bare) => Some(bare),
            _ => None,
        };
    }
    (settings.forward_headers.contains(name) && may_be_set(name)).then(|| name.clone())
}

/// Whether a client may choose this metadata: nothing that belongs to gRPC, to
/// HTTP's framing, to a proxy in front, or to tracing.
fn may_be_set(name: &HeaderName) -> bool {
    let text = name.as_str();
    let reserved_prefix = ["grpc-", "content-", "proxy-", "x-forwarded-", "x-envoy-"]
        .iter()
        .any(|prefix| text.starts_with(prefix));
    let reserved = matches!(
        text,
        "te" | "host"
            | "connection"
            | "keep-alive"
            | "transfer-encoding"
            | "upgrade"
            | "trailer"
            | "expect"
            | "forwarded"
            | "x-real-ip"
            | "user-agent"
            | "date"
    );
    // gRPC's Header-Name; an underscore is left out since proxies fold it with `-`.
    let legal = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'-' | b'.'));
    legal && !reserved_prefix && !reserved && !is_trace_header(text)
}

/// Base64 in either alphabet, written again as gRPC has it; several values may
/// stand in one header with commas between them.
fn binary(value: &HeaderValue) -> Option<HeaderValue> {
    let parts: Option<Vec<String>> = value
        .as_bytes()
        .split(|byte| *byte == b',')
        .map(|part| decode_binary(part.trim_ascii()).map(|bytes| encode_binary(&bytes)))
        .collect();
    HeaderValue::try_from(parts?.join(",")).ok()
}

fn is_ascii_value(value: &HeaderValue) -> bool {
    value
        .as_bytes()
        .iter()
        .all(|byte| matches!(byte, b' '..=b'~'))
}

/// A request id that is safe to pass on and to log.
fn is_request_id(value: &HeaderValue) -> bool {
    (1..=128).contains(&value.len())
        && value
            .as_bytes()
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
