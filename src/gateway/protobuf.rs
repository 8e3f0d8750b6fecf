//! The second way to spell messages: protobuf itself, by Content-Type and Accept.
//! Whole messages only; a field of a message has no protobuf form of its own.

use super::answer::{self, Response};
use super::failure::Failure;
use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};
use prost::Message as _;

/// The names that protobuf goes by, the commonest first: none is registered.
pub(super) const NAMES: [&str; 3] = [
    "application/x-protobuf",
    "application/protobuf",
    "application/x-google-protobuf",
];

/// The name with this subtype of `application`.
pub(super) fn named(subtype: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|name| {
        name.split_once('/')
            .is_some_and(|(_, known)| known.eq_ignore_ascii_case(subtype))
    })
}

/// Checks that `body` is a sequence of whole fields. What they mean is for the
/// backend; but fields of the path follow them on the wire, and a field that is
/// cut short would swallow those.
pub(super) fn check(body: &[u8]) -> Result<(), Failure> {
    <()>::decode(body).map_err(|error| Failure::BadProtobuf(error.to_string()))
}

/// A 200 with an encoded message for its body.
pub(super) fn ok(name: &'static str, message: Bytes, metadata: &HeaderMap) -> Response {
    let mut response = Response::new(Body::from(message));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(name));
    headers.insert(VARY, HeaderValue::from_static("accept"));
    answer::add_metadata(headers, metadata);
    response
}
