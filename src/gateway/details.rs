//! The details of a backend's error: `google.rpc.Status` bytes to JSON values,
//! each detail by itself, so that one nobody knows takes no other with it; and the
//! one detail that HTTP has a header for.

use super::error::Detail;
use super::status::{Any, Status};
use crate::transcode::{self, MessageId, Schema, WriteOptions};
use base64::Engine as _;
use prost::Message as _;
use serde_json::value::RawValue;

/// The details as JSON; code and message come from `grpc-status` and `grpc-message`,
/// which win. Bytes that are no `Status` have none; a detail whose type
/// is unknown, or whose value does not fit its type, is given as `@type` and the
/// base64 of its bytes.
pub(super) fn resolve(schema: &Schema, status: &[u8]) -> Vec<Detail> {
    let Ok(status) = Status::decode(status) else {
        return Vec::new();
    };
    let any = schema.message("google.protobuf.Any");
    let options = WriteOptions::default();
    status
        .details
        .iter()
        .filter_map(|detail| known(schema, any, detail, &options).or_else(|| unknown(detail)))
        .collect()
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Duration>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, prost::Message)]
struct Duration {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// After how many seconds, rounded up, `google.rpc.RetryInfo` among the details
/// says to try again.
pub(super) fn retry_after(status: &[u8]) -> Option<u64> {
    let status = Status::decode(status).ok()?;
    let delay = status.details.iter().find_map(|detail| {
        let Any { type_url, value } = Any::decode(&**detail).ok()?;
        let (_, name) = type_url.rsplit_once('/')?;
        let info = (name == "google.rpc.RetryInfo").then(|| RetryInfo::decode(&*value).ok())??;
        info.retry_delay
    })?;
    let part = u64::from(delay.nanos > 0);
    u64::try_from(delay.seconds)
        .ok()
        .map(|seconds| seconds.saturating_add(part))
}

fn known(
    schema: &Schema,
    any: Option<MessageId>,
    detail: &[u8],
    options: &WriteOptions,
) -> Option<Detail> {
    let mut json = Vec::new();
    transcode::wire_to_json(schema, any?, detail, options, &mut json).ok()?;
    let json = String::from_utf8(json).ok()?;
    RawValue::from_string(json).ok().map(Detail::Json)
}

fn unknown(detail: &[u8]) -> Option<Detail> {
    let Any { type_url, value } = Any::decode(detail).ok()?;
    let value = base64::engine::general_purpose::STANDARD.encode(value);
    Some(Detail::Unknown { type_url, value })
}
