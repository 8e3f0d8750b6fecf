//! The test protos, compiled once, and short ways to call the transcoder.

use prost_reflect::DescriptorPool;
use std::sync::LazyLock;
use trestle::transcode::{
    FieldPath, MessageId, ReadError, ReadOptions, Schema, WriteError, WriteOptions, json_to_wire,
    wire_to_json,
};

pub(crate) static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/protos");
    let mut compiler = protox::Compiler::new([root]).expect("the folder exists");
    compiler.include_imports(true);
    compiler
        .open_files(["kinds.proto", "legacy.proto"])
        .expect("the protos compile");
    compiler.descriptor_pool()
});

pub(crate) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::compile(&POOL));

pub(crate) fn message(name: &str) -> MessageId {
    SCHEMA
        .message(name)
        .unwrap_or_else(|| panic!("{name} is in the test protos"))
}

pub(crate) fn path(name: &str, dotted: &str) -> FieldPath {
    SCHEMA
        .field_path(message(name), dotted)
        .unwrap_or_else(|error| panic!("{dotted}: {error}"))
}

pub(crate) fn read(name: &str, json: impl AsRef<[u8]>) -> Result<Vec<u8>, ReadError> {
    read_with(name, json, &ReadOptions::default())
}

/// Reads after what is in the buffer, and checks that a failure leaves it alone.
pub(crate) fn read_with(
    name: &str,
    json: impl AsRef<[u8]>,
    options: &ReadOptions,
) -> Result<Vec<u8>, ReadError> {
    let mut out = b"kept".to_vec();
    let result = json_to_wire(&SCHEMA, message(name), json.as_ref(), options, &mut out);
    match result {
        Ok(()) => Ok(out.split_off(4)),
        Err(error) => {
            assert_eq!(out, b"kept", "the buffer is as before an error");
            assert!(!error.to_string().contains('\n'), "one line: {error}");
            Err(error)
        }
    }
}

pub(crate) fn write(name: &str, wire: &[u8]) -> Result<String, WriteError> {
    write_with(name, wire, &WriteOptions::default())
}

pub(crate) fn write_with(
    name: &str,
    wire: &[u8],
    options: &WriteOptions,
) -> Result<String, WriteError> {
    let mut out = b"kept".to_vec();
    let result = wire_to_json(&SCHEMA, message(name), wire, options, &mut out);
    match result {
        Ok(()) => Ok(String::from_utf8(out.split_off(4)).expect("JSON is UTF-8")),
        Err(error) => {
            assert_eq!(out, b"kept", "the buffer is as before an error");
            Err(error)
        }
    }
}

/// JSON → wire → JSON.
#[track_caller]
pub(crate) fn round(name: &str, json: &str) -> String {
    let wire = read(name, json).unwrap_or_else(|error| panic!("{json}: {error}"));
    write(name, &wire).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// A field of wire bytes, for messages made by hand.
pub(crate) fn varint(number: u32, value: u64) -> Vec<u8> {
    let mut out = encoded(u64::from(number << 3));
    out.extend(encoded(value));
    out
}

pub(crate) fn delimited(number: u32, inside: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = encoded(u64::from(number << 3 | 2));
    out.extend(encoded(inside.as_ref().len() as u64));
    out.extend_from_slice(inside.as_ref());
    out
}

pub(crate) fn group(number: u32, inside: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = encoded(u64::from(number << 3 | 3));
    out.extend_from_slice(inside.as_ref());
    out.extend(encoded(u64::from(number << 3 | 4)));
    out
}

pub(crate) fn encoded(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}
