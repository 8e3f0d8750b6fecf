//! Descriptor sets in editions, made by hand because no compiler in Rust knows
//! them: what the features say must be what the transcoder does.

use crate::fixture::{delimited, varint};
use prost_reflect::DescriptorPool;
use std::borrow::Cow;
use trestle::transcode::{
    ReadOptions, Reason, Schema, WriteOptions, check_required, json_to_wire, lower_editions,
    wire_to_json,
};

const PRESENCE: u32 = 1;
const ENUM_TYPE: u32 = 2;
const PACKING: u32 = 3;
const ENCODING: u32 = 5;

/// `options`, with one feature; the number of `features` differs by what they are of.
fn features(options: u32, features: u32, feature: u32, value: u64) -> Vec<u8> {
    delimited(options, delimited(features, varint(feature, value)))
}

fn field(name: &str, number: u64, label: u64, kind: u64, more: &[Vec<u8>]) -> Vec<u8> {
    let head = [
        delimited(1, name),
        varint(3, number),
        varint(4, label),
        varint(5, kind),
    ]
    .concat();
    delimited(2, [head, more.concat()].concat())
}

fn of_field(feature: u32, value: u64) -> Vec<u8> {
    features(8, 21, feature, value)
}

fn enumeration(name: &str, prefix: &str, more: Vec<u8>) -> Vec<u8> {
    let value = |suffix: &str, number| {
        delimited(
            2,
            [delimited(1, [prefix, suffix].concat()), varint(2, number)].concat(),
        )
    };
    delimited(
        5,
        [delimited(1, name), value("A", 0), value("B", 1), more].concat(),
    )
}

/// A set of one file, `e.proto`, in an edition.
fn set(edition: u64, parts: &[Vec<u8>]) -> Vec<u8> {
    let head = [
        delimited(1, "e.proto"),
        delimited(2, "e"),
        delimited(12, "editions"),
        varint(14, edition),
    ];
    delimited(1, [head.concat(), parts.concat()].concat())
}

fn compiled(set: &[u8]) -> Schema {
    let lowered = lower_editions(set).expect("the edition is known");
    Schema::compile(&DescriptorPool::decode(&*lowered).expect("the lowered set is legal"))
}

fn round(schema: &Schema, json: &str) -> (Vec<u8>, String) {
    let id = schema.message("e.M").expect("it is in the set");
    let (mut wire, mut out) = (Vec::new(), Vec::new());
    json_to_wire(
        schema,
        id,
        json.as_bytes(),
        &ReadOptions::default(),
        &mut wire,
    )
    .expect("the JSON is right");
    wire_to_json(schema, id, &wire, &WriteOptions::default(), &mut out).expect("the wire is right");
    (wire, String::from_utf8(out).expect("JSON is UTF-8"))
}

/// A message with every feature stated at some field.
fn message() -> Vec<u8> {
    let (optional, repeated) = (1, 3);
    let (int32, message, enumeration) = (5, 11, 14);
    let m = delimited(6, ".e.M");
    let entry = [
        delimited(1, "MapEntry"),
        field("key", 1, optional, int32, &[]),
        field("value", 2, optional, message, std::slice::from_ref(&m)),
        delimited(7, varint(7, 1)),
    ];
    delimited(
        4,
        [
            delimited(1, "M"),
            field("explicit", 1, optional, int32, &[]),
            field("implicit", 2, optional, int32, &[of_field(PRESENCE, 2)]),
            field("packed", 3, repeated, int32, &[]),
            field("expanded", 4, repeated, int32, &[of_field(PACKING, 2)]),
            field(
                "delimited",
                5,
                optional,
                message,
                &[m.clone(), of_field(ENCODING, 2)],
            ),
            field("prefixed", 6, optional, message, std::slice::from_ref(&m)),
            field("open", 7, optional, enumeration, &[delimited(6, ".e.Open")]),
            field(
                "closed",
                8,
                optional,
                enumeration,
                &[delimited(6, ".e.Closed")],
            ),
            field(
                "map",
                9,
                repeated,
                message,
                &[delimited(6, ".e.M.MapEntry"), of_field(ENCODING, 2)],
            ),
            delimited(3, entry.concat()),
        ]
        .concat(),
    )
}

fn enums() -> Vec<u8> {
    [
        enumeration("Open", "O", Vec::new()),
        enumeration("Closed", "C", features(3, 7, ENUM_TYPE, 2)),
    ]
    .concat()
}

#[test]
fn features_are_said_in_older_words() {
    let schema = compiled(&set(1000, &[message(), enums()]));
    for (json, wire, printed) in [
        (r#"{"explicit":0}"#, varint(1, 0), r#"{"explicit":0}"#),
        (r#"{"implicit":0}"#, vec![], "{}"),
        (
            r#"{"packed":[1,2]}"#,
            delimited(3, [1, 2]),
            r#"{"packed":[1,2]}"#,
        ),
        (
            r#"{"expanded":[1,2]}"#,
            [varint(4, 1), varint(4, 2)].concat(),
            r#"{"expanded":[1,2]}"#,
        ),
        (
            r#"{"delimited":{"explicit":1}}"#,
            vec![0x2b, 0x08, 1, 0x2c],
            r#"{"delimited":{"explicit":1}}"#,
        ),
        (
            r#"{"prefixed":{"explicit":1}}"#,
            delimited(6, varint(1, 1)),
            r#"{"prefixed":{"explicit":1}}"#,
        ),
        (r#"{"open":9}"#, varint(7, 9), r#"{"open":9}"#),
        (
            r#"{"map":{"1":{}}}"#,
            delimited(9, [varint(1, 1), delimited(2, [])].concat()),
            r#"{"map":{"1":{}}}"#,
        ),
    ] {
        assert_eq!(round(&schema, json), (wire, printed.to_owned()), "{json}");
    }
    let id = schema.message("e.M").unwrap();
    let error = json_to_wire(
        &schema,
        id,
        br#"{"closed":9}"#,
        &ReadOptions::default(),
        &mut Vec::new(),
    )
    .unwrap_err();
    assert_eq!(error.reason(), Reason::UnknownEnumValue);
}

#[test]
fn features_of_the_file_hold_where_nothing_else_is_stated() {
    let closed = features(8, 50, ENUM_TYPE, 2);
    let schema = compiled(&set(1000, &[message(), enums(), closed]));
    let id = schema.message("e.M").unwrap();
    assert!(
        json_to_wire(
            &schema,
            id,
            br#"{"open":9}"#,
            &ReadOptions::default(),
            &mut Vec::new()
        )
        .is_err()
    );
    let required = features(8, 50, PRESENCE, 3);
    let schema = compiled(&set(1001, &[message(), enums(), required]));
    let id = schema.message("e.M").unwrap();
    let error = check_required(&schema, id, &[]).unwrap_err();
    assert_eq!(
        (error.reason(), error.path()),
        (Reason::Required, "explicit")
    );
}

#[test]
fn sets_without_editions_are_left_alone_and_unknown_editions_named() {
    let plain = delimited(
        1,
        [delimited(1, "e.proto"), delimited(12, "proto3")].concat(),
    );
    assert!(matches!(lower_editions(&plain), Ok(Cow::Borrowed(bytes)) if bytes == plain));
    let error = lower_editions(&set(2000, &[])).unwrap_err().to_string();
    assert!(
        error.contains("e.proto") && error.contains("2000"),
        "{error}"
    );
    assert!(lower_editions(b"\x0a\x05ab").is_err());
}
