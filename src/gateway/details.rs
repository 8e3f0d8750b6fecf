//! The details of a backend's error: `google.rpc.Status` bytes to JSON values,
//! each detail by itself, so that one nobody knows takes no other with it.

use crate::transcode::{self, Schema, WriteOptions};
use base64::Engine as _;
use prost::Message as _;
use serde_json::{Value, json};

/// `google.rpc.Status`, of which only the details are read: code and message
/// come from `grpc-status` and `grpc-message`, which win.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(bytes = "vec", repeated, tag = "3")]
    details: Vec<Vec<u8>>,
}

/// `google.protobuf.Any`, read by hand where its type is not known.
#[derive(Clone, PartialEq, prost::Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// The details as JSON. Bytes that are no `Status` have none; a detail whose type
/// is unknown, or whose value does not fit its type, is given as `@type` and the
/// base64 of its bytes.
pub(super) fn resolve(schema: &Schema, status: &[u8]) -> Vec<Value> {
    let Ok(status) = Status::decode(status) else {
        return Vec::new();
    };
    let any = schema.message("google.protobuf.Any");
    let options = WriteOptions::default();
    let mut json = Vec::new();
    status
        .details
        .iter()
        .filter_map(|detail| {
            json.clear();
            let written = any.is_some_and(|any| {
                transcode::wire_to_json(schema, any, detail, &options, &mut json).is_ok()
            });
            if written && let Ok(value) = serde_json::from_slice(&json) {
                return Some(value);
            }
            let unknown = Any::decode(detail.as_slice()).ok()?;
            let value = base64::engine::general_purpose::STANDARD.encode(&unknown.value);
            Some(json!({ "@type": unknown.type_url, "value": value }))
        })
        .collect()
}
