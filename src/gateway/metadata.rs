//! Request headers to gRPC metadata, by an allow-list: `authorization`, what the
//! operator lists, and `Grpc-Metadata-*` without its prefix. Request id and trace
//! context are not forwarded but derived, so that nothing foreign slips through.

use super::failure::Failure;
use super::forwarded;
use super::identity::{Identity, REQUEST_ID};
use super::settings::Settings;
use crate::telemetry::propagation::{inject, is_trace_header};
use crate::upstream::{decode_binary, encode_binary};
use http::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, IF_NONE_MATCH, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

pub(super) const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const PREFIX: &str = "grpc-metadata-";
const FORWARDED_USER_AGENT: HeaderName = HeaderName::from_static("grpcgateway-user-agent");

/// The largest value that becomes metadata: gRPC servers take 8 KiB of it in all by
/// default, and fail a call that has more. A credential goes on whatever its size,
/// since a call without it would fail for a reason that is not the real one.
const MAX_VALUE: usize = 4 << 10;

/// The metadata that goes upstream with a request of these headers.
pub(super) fn of(
    head: &Parts,
    identity: &Identity,
    settings: &Settings,
) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let mut metadata = Vec::with_capacity(4);
    let headers = &head.headers;
    for (header, value) in headers {
        let Some(name) = allowed(header, settings) else {
            continue;
        };
        if is_nominated(headers, header) || is_nominated(headers, &name) {
            continue;
        }
        if value.len() > MAX_VALUE && name != AUTHORIZATION {
            tracing::debug!(%name, length = value.len(), "a header value too large for metadata was dropped");
            continue;
        }
        if name.as_str().ends_with("-bin") {
            let value = binary(value).ok_or_else(|| Failure::BadBinaryHeader(name.clone()))?;
            metadata.push((name, value));
        } else if is_ascii_value(value) {
            metadata.push((name, value.clone()));
        } else {
            // gRPC asks that such a value is dropped rather than failing the call.
            tracing::debug!(%name, "a header value that gRPC cannot carry was dropped");
        }
    }
    forwarded::add(head, settings, &mut metadata);
    metadata.push((REQUEST_ID, identity.request_id.clone()));
    if let Some(context) = &identity.trace {
        let mut trace = HeaderMap::new();
        inject(context, settings.trace_formats, &mut trace);
        metadata.extend(
            trace
                .into_iter()
                .filter_map(|(name, value)| Some((name?, value))),
        );
    }
    Ok(metadata)
}

/// Whether the Connection header ends a header at this hop (RFC 9110 §7.6.1).
fn is_nominated(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|option| {
            option
                .trim_ascii()
                .eq_ignore_ascii_case(name.as_str().as_bytes())
        })
}

/// The metadata name of an allowed header.
fn allowed(name: &HeaderName, settings: &Settings) -> Option<HeaderName> {
    settings
        .hooks
        .metadata_name(name, usual(name, settings))
        .filter(|name| *name == AUTHORIZATION || may_be_set(name))
}

/// What is allowed where nobody else decides.
fn usual(name: &HeaderName, settings: &Settings) -> Option<HeaderName> {
    if *name == AUTHORIZATION {
        return Some(name.clone());
    }
    if let Some(bare) = name.as_str().strip_prefix(PREFIX) {
        return match HeaderName::from_bytes(bare.as_bytes()) {
            Ok(bare) if may_be_set(&bare) => Some(bare),
            _ => None,
        };
    }
    if !settings.forward_headers.contains(name) {
        return None;
    }
    // gRPC's own `user-agent` is the gateway's; the caller's goes where backends
    // that know grpc-gateway look for it.
    if *name == USER_AGENT {
        return Some(FORWARDED_USER_AGENT);
    }
    may_be_set(name).then(|| name.clone())
}

/// Whether a header of this name is of any use here, for browsers that ask first.
pub(super) fn is_read(name: &HeaderName, settings: &Settings) -> bool {
    [
        ACCEPT,
        CONTENT_TYPE,
        IF_NONE_MATCH,
        REQUEST_ID,
        GRPC_TIMEOUT,
    ]
    .contains(name)
        || is_trace_header(name.as_str())
        || allowed(name, settings).is_some()
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
            | "x-request-id"
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
