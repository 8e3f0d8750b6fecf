//! What a request's head must satisfy before its route is looked up: sizes, the
//! target's form, the host. HTTP libraries let more through than RFC 9112 allows.

use super::failure::Failure;
use super::settings::Settings;
use http::header::{HOST, TRANSFER_ENCODING};
use http::uri::Authority;
use http::{HeaderMap, Uri, Version, request::Parts};

/// Checks sizes and host.
pub(super) fn check(head: &Parts, settings: &Settings) -> Result<(), Failure> {
    let target = head.uri.path().len() + head.uri.query().map_or(0, |query| query.len() + 1);
    if target > settings.max_target {
        return Err(Failure::TargetTooLong {
            limit: settings.max_target,
        });
    }
    if head.headers.len() > settings.max_header_fields {
        return Err(Failure::TooManyHeaders {
            limit: settings.max_header_fields,
        });
    }
    // Counted as HTTP/1 writes it: name, colon, space, value, CR LF.
    let bytes: usize = head
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if bytes > settings.max_header_bytes {
        return Err(Failure::HeadersTooLarge {
            limit: settings.max_header_bytes,
        });
    }
    if !head.uri.path().starts_with('/') {
        return Err(Failure::BadTarget(
            "the request target must be a path that starts with `/`",
        ));
    }
    transfer_coding(&head.headers)?;
    host(head.version, &head.uri, &head.headers)
}

/// RFC 9112 §6.1: `chunked` is the one coding that is implemented. Anything that
/// another parser in the chain might read otherwise is refused, and the connection
/// with it.
fn transfer_coding(headers: &HeaderMap) -> Result<(), Failure> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        (Some(_), None) => Err(Failure::TransferCoding),
        (Some(_), Some(_)) => Err(Failure::TwoTransferCodings),
    }
}

/// RFC 9112 §3.2: exactly one valid Host in HTTP/1.1. RFC 9113 §8.3.1: in HTTP/2
/// it must not contradict `:authority`.
fn host(version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), Failure> {
    let mut hosts = headers.get_all(HOST).iter();
    let first = hosts.next();
    if hosts.next().is_some() {
        return Err(Failure::BadHost(
            "the request has more than one Host header",
        ));
    }
    let Some(host) = first else {
        // Without both the request names no host at all, which only HTTP/1.0 may.
        return match version {
            Version::HTTP_11 => Err(Failure::BadHost(
                "an HTTP/1.1 request must have a Host header",
            )),
            _ => Ok(()),
        };
    };
    let is_authority = host.is_empty()
        || Authority::try_from(host.as_bytes()).is_ok_and(|host| !host.as_str().contains('@'));
    if !is_authority {
        return Err(Failure::BadHost(
            "the Host header is not a host and an optional port",
        ));
    }
    match uri.authority() {
        Some(authority)
            if version == Version::HTTP_2
                && !authority
                    .as_str()
                    .as_bytes()
                    .eq_ignore_ascii_case(host.as_bytes()) =>
        {
            Err(Failure::BadHost("the Host header and :authority differ"))
        }
        _ => Ok(()),
    }
}
