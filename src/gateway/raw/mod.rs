//! `google.api.HttpBody` at both ends of an exchange: bytes of any media type, passed
//! as they are. Where the body of a rule is one, `Content-Type` is what the bytes
//! are and never how a message is spelt; where the answer is one, its type is the
//! backend's and `Accept` is not asked. `extensions` have no place in HTTP: they are
//! not sent and, where a backend sets them, dropped.

mod download;
mod upload;

pub(super) use download::Download;
pub(super) use upload::run as upload;

use super::failure::Failure;
use crate::rule::{Binding, BodySelector, ReplySelector};
use crate::transcode::{self, RawPath, Schema};
use bytes::Bytes;
use http::HeaderValue;

/// Which ends of a route are raw, decided at start-up.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) request: Option<RawPath>,
    pub(super) reply: Option<RawPath>,
}

impl Raw {
    pub(super) fn of(schema: &Schema, binding: &Binding) -> Self {
        let (input, output) = (binding.method.input, binding.method.output);
        Self {
            request: match &binding.body {
                BodySelector::None => None,
                BodySelector::Whole => schema.raw_path(input, None),
                BodySelector::Field(field) => schema.raw_path(input, Some(field)),
            },
            reply: match &binding.reply {
                ReplySelector::Whole => schema.raw_path(output, None),
                ReplySelector::Field(field) => schema.raw_path(output, Some(field)),
            },
        }
    }
}

/// The media type and the bytes of a reply, not copied.
pub(super) fn open(
    schema: &Schema,
    path: &RawPath,
    message: &Bytes,
) -> Result<(HeaderValue, Bytes), Failure> {
    let body = transcode::read_raw(schema, path, message).map_err(Failure::BadReply)?;
    // A media type is ASCII (RFC 9110 §8.3.1), though a header's bytes need not be.
    let media = match body.content_type {
        "" => None,
        media if !media.is_ascii() => None,
        media => HeaderValue::from_str(media).ok(),
    };
    let media = media.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    Ok((media, message.slice_ref(body.data)))
}
