//! JSON ⇄ protobuf wire, along plans compiled once from descriptors.
//!
//! A [`Schema`] is compiled from a descriptor pool at start-up. After that JSON
//! is read once and written straight as wire bytes, and wire bytes straight as
//! JSON: no message object and no JSON tree stands between. Pure and
//! synchronous; what HTTP, gRPC or a descriptor source is, is left to others.
//!
//! The mapping is ProtoJSON in its strict reading: duplicate keys, a second
//! member of a oneof, and anything that is not RFC 8259 are refused. Every error
//! says where it is, what was expected and what was found.

mod compile;
mod error;
mod gather;
mod json;
mod names;
mod path;
mod raw;
mod read;
mod schema;
mod seen;
mod wellknown;
mod wire;
mod write;

pub use error::{PathError, ReadError, Reason, WriteError};
pub use path::{Choice, FieldPath, PathKind, TextForm};
pub use raw::{RawBody, RawPath, put_raw, read_raw};
pub use read::{
    ReadOptions, UpdateMask, check_required, has_update_mask, json_to_field, json_to_wire,
    text_to_field, text_to_map_entry, write_update_mask,
};
pub use schema::{MessageId, Schema};
pub use write::{WriteOptions, field_to_json, wire_to_json};
