//! What a request's head must satisfy before its route is looked up: sizes, the
//! target's form, the host. HTTP libraries let more through than RFC 9112 allows.

use super::content::shown;
use super::failure::Failure;
use super::settings::Settings;
use http::header::{EXPECT, HOST, TRANSFER_ENCODING};
use http::uri::Authority;
use http::{HeaderMap, Method, Uri, Version, request::Parts};

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
    target_form(&head.method, &head.uri)?;
    transfer_coding(&head.headers)?;
    expectation(&head.headers)?;
    host(head.version, &head.uri, &head.headers)
}

/// RFC 9112 §3.2: a path, or `*` with OPTIONS. The bare authority is for CONNECT, and
/// this is no proxy.
fn target_form(method: &Method, uri: &Uri) -> Result<(), Failure> {
    if uri.path().starts_with('/') || method == Method::OPTIONS && uri.path() == "*" {
        Ok(())
    } else if method == Method::CONNECT {
        Err(Failure::UnknownMethod(Method::CONNECT))
    } else {
        Err(Failure::BadTarget(
            "the request target must be a path that starts with `/`",
        ))
    }
}

/// RFC 9110 §10.1.1: there is one expectation, that of `100 Continue`, and it is met
/// when the body is first read, which is after everything that could refuse it.
fn expectation(headers: &HeaderMap) -> Result<(), Failure> {
    let mut expectations = headers.get_all(EXPECT).iter();
    match expectations.find(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        None => Ok(()),
        Some(value) => Err(Failure::Expectation {
            got: shown(value.as_bytes()),
        }),
    }
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
    // RFC 9110 §4.2.4: before the host there may be no user, which RFC 9113 forbids too.
    if uri
        .authority()
        .is_some_and(|named| named.as_str().contains('@'))
    {
        return Err(Failure::BadHost(
            "the request target names a user before its host",
        ));
    }
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
