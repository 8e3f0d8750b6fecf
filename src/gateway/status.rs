//! `google.rpc.Status` in protobuf, as far as the gateway reads or writes it.

use super::error::{Detail, Error};
use prost::Message;

/// `google.rpc.Status`. The details are `google.protobuf.Any`s, left encoded.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub(super) details: Vec<Vec<u8>>,
}

/// `google.protobuf.Any`, read by hand where its type is not known.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) value: Vec<u8>,
}

/// `google.rpc.BadRequest`.
#[derive(Clone, PartialEq, Message)]
struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    field_violations: Vec<FieldViolation>,
}

/// `google.rpc.BadRequest.FieldViolation`.
#[derive(Clone, PartialEq, Message)]
struct FieldViolation {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    description: String,
}

/// Encodes an error. What a backend sent as details goes on byte for byte.
pub(super) fn encode(error: &Error) -> Vec<u8> {
    let sent = Status::decode(error.sent()).unwrap_or_default().details;
    let own = error.details().iter().filter_map(own);
    Status {
        code: error.code() as i32,
        message: error.message().to_owned(),
        details: sent.into_iter().chain(own).collect(),
    }
    .encode_to_vec()
}

/// A detail of the gateway's own.
fn own(detail: &Detail) -> Option<Vec<u8>> {
    let Detail::BadRequest {
        field_violations, ..
    } = detail
    else {
        return None;
    };
    let violations = field_violations.iter().map(|violation| FieldViolation {
        field: violation.field.clone(),
        description: violation.description.clone(),
    });
    let request = BadRequest {
        field_violations: violations.collect(),
    };
    let any = Any {
        type_url: "type.googleapis.com/google.rpc.BadRequest".to_owned(),
        value: request.encode_to_vec(),
    };
    Some(any.encode_to_vec())
}
