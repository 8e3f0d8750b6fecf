//! The second way to spell messages: protobuf itself, by Content-Type and Accept.
//! Whole messages only; a field of a message has no protobuf form of its own.

use super::failure::Failure;
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
