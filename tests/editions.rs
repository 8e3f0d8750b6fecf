//! Files in editions are served like any other: each feature that changes JSON or
//! the wire has the effect that the edition gives it.
#![allow(clippy::unwrap_used)]

use prost_reflect::prost::{Message as _, encoding};
use std::{fs, path::Path};
use trestle::descriptors::{self, Error};
use trestle::transcode::{
    ReadOptions, Reason, Schema, WriteOptions, check_required, json_to_wire, wire_to_json,
};

const EDITION_2023: u64 = 1000;
const EDITION_2024: u64 = 1001;

/// A descriptor set of one file in an edition, as protoc would write it. The
/// compiler at hand knows no editions but knows their features: the source is
/// compiled as proto2 and its syntax changed afterwards.
fn set(test: &str, edition: u64, source: &str) -> Vec<u8> {
    let name = format!("editions-{}-{test}", std::process::id());
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&dir).unwrap();
    fs::write(
        dir.join("e.proto"),
        format!("syntax = \"proto2\"; package e; {source}"),
    )
    .unwrap();
    let mut compiler = protox::Compiler::new([&dir]).unwrap();
    let compiled = compiler.open_file("e.proto").map(|_| ());
    fs::remove_dir_all(&dir).unwrap();
    compiled.unwrap();
    // One file: the set is a tag and a length before it.
    let set = compiler.encode_file_descriptor_set();
    let mut file = set.as_slice();
    encoding::decode_key(&mut file).unwrap();
    assert_eq!(
        encoding::decode_varint(&mut file).unwrap(),
        file.len() as u64
    );
    let mut file = file.to_vec();
    encoding::string::encode(12, &"editions".to_owned(), &mut file);
    encoding::uint64::encode(14, &edition, &mut file);
    let mut out = Vec::new();
    encoding::bytes::encode(1, &file, &mut out);
    out
}

fn schema(test: &str, source: &str) -> Schema {
    let pool = descriptors::from_set(&set(test, EDITION_2023, source)).unwrap();
    Schema::compile(&pool)
}

fn read(schema: &Schema, json: &str) -> Vec<u8> {
    let id = schema.message("e.M").unwrap();
    let mut wire = Vec::new();
    json_to_wire(
        schema,
        id,
        json.as_bytes(),
        &ReadOptions::default(),
        &mut wire,
    )
    .unwrap_or_else(|error| panic!("{json}: {error}"));
    wire
}

fn print(schema: &Schema, wire: &[u8]) -> String {
    let id = schema.message("e.M").unwrap();
    let mut json = Vec::new();
    wire_to_json(schema, id, wire, &WriteOptions::default(), &mut json)
        .unwrap_or_else(|error| panic!("{wire:?}: {error}"));
    String::from_utf8(json).unwrap()
}

const DEFAULTS: &str = "
    enum E { ZERO = 0; ONE = 1; }
    message N { optional int32 a = 1; }
    message M {
        optional int32 number = 1;
        repeated int32 many = 2;
        optional N inner = 3;
        optional E choice = 4;
        repeated E choices = 5;
        map<string, N> named = 6;
    }";

#[test]
fn defaults_are_presence_packing_prefixed_messages_and_open_enums() {
    for edition in [EDITION_2023, EDITION_2024] {
        let pool = descriptors::from_set(&set("defaults", edition, DEFAULTS)).unwrap();
        let schema = Schema::compile(&pool);
        for (json, wire) in [
            (r#"{"number":0}"#, &b"\x08\x00"[..]),
            (r#"{"many":[1,2]}"#, b"\x12\x02\x01\x02"),
            (r#"{"inner":{"a":0}}"#, b"\x1a\x02\x08\x00"),
            (
                r#"{"choice":7,"choices":[7,"ONE"]}"#,
                b"\x20\x07\x2a\x02\x07\x01",
            ),
            (
                r#"{"named":{"k":{"a":1}}}"#,
                b"\x32\x07\x0a\x01k\x12\x02\x08\x01",
            ),
        ] {
            assert_eq!(read(&schema, json), wire, "{json}");
            let printed = print(&schema, wire);
            assert_eq!(
                printed.replace("\"ONE\"", "1"),
                json.replace("\"ONE\"", "1")
            );
        }
    }
}

#[test]
fn features_of_the_file_hold_for_all_of_it() {
    let source = format!(
        "option features.field_presence = IMPLICIT;
         option features.repeated_field_encoding = EXPANDED;
         option features.message_encoding = DELIMITED;
         option features.enum_type = CLOSED; {DEFAULTS}"
    );
    let schema = schema("file", &source);
    for (json, wire, printed) in [
        (r#"{"number":0}"#, &b""[..], "{}"),
        (
            r#"{"many":[1,2]}"#,
            b"\x10\x01\x10\x02",
            r#"{"many":[1,2]}"#,
        ),
        // A message has presence whatever the file says.
        (
            r#"{"inner":{"a":5}}"#,
            b"\x1b\x08\x05\x1c",
            r#"{"inner":{"a":5}}"#,
        ),
        (r#"{"inner":{}}"#, b"\x1b\x1c", r#"{"inner":{}}"#),
        // Maps are never delimited.
        (
            r#"{"named":{"k":{"a":1}}}"#,
            b"\x32\x07\x0a\x01k\x12\x02\x08\x01",
            r#"{"named":{"k":{"a":1}}}"#,
        ),
    ] {
        assert_eq!(read(&schema, json), wire, "{json}");
        assert_eq!(print(&schema, wire), printed);
    }
    assert_eq!(
        print(&schema, b"\x28\x07\x28\x01"),
        r#"{"choices":["ONE"]}"#,
        "a closed enum knows its own numbers only"
    );
}

#[test]
fn features_of_one_field_or_enum_hold_for_it_alone() {
    let schema = schema(
        "field",
        "enum Open { A = 0; }
         enum Closed { option features.enum_type = CLOSED; NONE = 0; ONE = 1; }
         message M {
             extensions 100 to 200;
             optional int32 implicit = 1 [features.field_presence = IMPLICIT];
             optional int32 explicit = 2;
             optional int32 required = 3 [features.field_presence = LEGACY_REQUIRED];
             repeated int32 expanded = 4 [features.repeated_field_encoding = EXPANDED];
             repeated int32 packed = 5;
             optional M delimited = 6 [features.message_encoding = DELIMITED];
             optional M prefixed = 7;
             optional Open open = 8;
             optional Closed closed = 9;
             oneof one { int32 first = 10; string second = 11; }
             message Inside { optional int32 deep = 1 [features.field_presence = IMPLICIT]; }
             optional Inside inside = 12;
         }
         extend M { optional M extension = 100 [features.message_encoding = DELIMITED]; }",
    );
    for (json, wire, printed) in [
        (
            r#"{"implicit":0,"explicit":0}"#,
            &b"\x10\x00"[..],
            r#"{"explicit":0}"#,
        ),
        (
            r#"{"expanded":[1],"packed":[1]}"#,
            b"\x20\x01\x2a\x01\x01",
            r#"{"expanded":[1],"packed":[1]}"#,
        ),
        (
            r#"{"delimited":{"explicit":1},"prefixed":{}}"#,
            b"\x33\x10\x01\x34\x3a\x00",
            r#"{"delimited":{"explicit":1},"prefixed":{}}"#,
        ),
        (r#"{"first":0}"#, b"\x50\x00", r#"{"first":0}"#),
        (r#"{"inside":{"deep":0}}"#, b"\x62\x00", r#"{"inside":{}}"#),
        (
            r#"{"[e.extension]":{}}"#,
            b"\xa3\x06\xa4\x06",
            r#"{"[e.extension]":{}}"#,
        ),
    ] {
        assert_eq!(read(&schema, json), wire, "{json}");
        assert_eq!(print(&schema, wire), printed);
    }
    assert_eq!(print(&schema, b"\x40\x07\x48\x07"), r#"{"open":7}"#);
    let id = schema.message("e.M").unwrap();
    let missing = check_required(&schema, id, b"").unwrap_err();
    assert_eq!(missing.reason(), Reason::Required);
    assert!(missing.to_string().contains("required"), "{missing}");
    check_required(&schema, id, b"\x18\x00").unwrap();
}

#[test]
fn a_closed_enum_need_not_start_at_zero_beside_fields_without_presence() {
    let schema = schema(
        "closed",
        "enum E { option features.enum_type = CLOSED; ONE = 1; TWO = 2; }
         message M {
             optional int32 implicit = 1 [features.field_presence = IMPLICIT];
             optional E choice = 2;
         }",
    );
    assert_eq!(
        read(&schema, r#"{"implicit":0,"choice":"ONE"}"#),
        b"\x10\x01"
    );
}

#[test]
fn an_edition_of_the_future_is_refused_by_name() {
    for edition in [0, 999, 1002] {
        let error = descriptors::from_set(&set("future", edition, DEFAULTS)).unwrap_err();
        assert!(matches!(error, Error::Edition { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("e.proto is in an edition that is not known"),
            "{text}"
        );
        assert!(text.contains(&format!("number {edition}")), "{text}");
    }
}

#[test]
fn a_set_broken_inside_a_file_in_an_edition_is_an_error_at_every_place() {
    let whole = set("broken", EDITION_2023, DEFAULTS);
    for end in 0..whole.len() {
        let mut cut = whole[..end].to_vec();
        assert!(descriptors::from_set(&cut).is_err(), "cut at {end}");
        cut.resize(whole.len(), 0xff);
        let _ = descriptors::from_set(&cut);
    }
    assert!(prost_reflect::prost_types::FileDescriptorSet::decode(whole.as_slice()).is_ok());
}
