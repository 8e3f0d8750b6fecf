//! Sets that no compiler would write, or none of today, and `.proto` sources that
//! cannot be compiled here.

use proptest::prelude::*;
use prost_reflect::{DescriptorPool, MessageDescriptor, prost::encoding};
use std::{fs, path::Path};
use trestle::{
    descriptors::{self, Error},
    transcode::{Schema, WriteOptions, wire_to_json},
};

const LABEL_REPEATED: u64 = 3;
const TYPE_INT32: u64 = 5;
const TYPE_MESSAGE: u64 = 11;
const EDITION_2023: u64 = 1000;

fn number(number: u32, value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    encoding::uint64::encode(number, &value, &mut bytes);
    bytes
}

fn text(number: u32, value: &str) -> Vec<u8> {
    inside(number, &[value.as_bytes().to_vec()])
}

fn inside(number: u32, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encoding::bytes::encode(number, &parts.concat(), &mut bytes);
    bytes
}

/// A set of one file in this syntax, of these parts.
fn set_in(syntax: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    let head = [text(1, "hand.proto"), text(2, "hand"), text(12, syntax)];
    inside(1, &[head.concat(), parts.concat()])
}

/// A set of one file of edition 2023.
fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    set_in("editions", &[number(14, EDITION_2023), parts.concat()])
}

/// `FieldDescriptorProto` at 2: a singular int32, unless `more` says else.
fn field(name: &str, at: u64, more: &[Vec<u8>]) -> Vec<u8> {
    let head = [
        text(1, name),
        number(3, at),
        number(4, 1),
        number(5, TYPE_INT32),
    ];
    inside(2, &[head.concat(), more.concat()])
}

fn of_message(type_name: &str) -> Vec<u8> {
    [number(5, TYPE_MESSAGE), text(6, type_name)].concat()
}

fn message(pool: &DescriptorPool, name: &str) -> MessageDescriptor {
    pool.get_message_by_name(name).unwrap()
}

#[test]
fn unknown_editions_are_refused_with_what_is_known() {
    for (edition, named) in [
        (0, "is of no edition;"),
        (999, "is of the edition numbered 999;"),
        (1002, "is of edition 2026;"),
        (99_999, "is of the edition numbered 99999;"),
    ] {
        let error = descriptors::from_set(&set_in("editions", &[number(14, edition)]));
        let error = error.unwrap_err();
        assert!(matches!(error, Error::Edition { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(&format!("hand.proto {named}")), "{text}");
        assert!(text.contains("2023 and 2024 are supported"), "{text}");
    }
}

#[test]
fn unknown_feature_values_are_refused_with_their_element() {
    let features = |at, feature, value| inside(at, &[number(feature, value)]);
    let options = |at, inner, feature, value| inside(at, &[features(inner, feature, value)]);
    let deep = |part| inside(4, &[text(1, "A"), inside(3, &[text(1, "B"), part])]);
    for (part, element, feature) in [
        (options(8, 50, 2, 9), "the file", "enum_type"),
        (deep(options(7, 12, 6, 3)), "hand.A.B", "json_format"),
        (
            deep(inside(8, &[text(1, "o"), options(2, 1, 3, 9)])),
            "hand.A.B.o",
            "repeated_field_encoding",
        ),
        (
            deep(field("f", 1, &[options(8, 21, 1, 4)])),
            "hand.A.B.f",
            "field_presence",
        ),
        (
            deep(inside(6, &[text(1, "x"), options(8, 21, 5, 0)])),
            "hand.A.B.x",
            "message_encoding",
        ),
        (
            deep(inside(4, &[text(1, "E"), options(3, 7, 2, 3)])),
            "hand.A.B.E",
            "enum_type",
        ),
    ] {
        let error = descriptors::from_set(&set(&[part])).unwrap_err();
        assert!(matches!(error, Error::Feature { .. }), "{error}");
        let wanted = format!("hand.proto: {element} has features.{feature} set to");
        assert!(error.to_string().contains(&wanted), "{error}");
    }
}

#[test]
fn features_come_down_through_messages_and_oneofs() {
    let delimited = |at| inside(at, &[number(5, 2)]);
    let prefixed = |at| inside(at, &[number(5, 1)]);
    let m = || of_message(".hand.M");
    let pool = descriptors::from_set(&set(&[inside(
        4,
        &[
            text(1, "M"),
            inside(7, &[delimited(12)]),
            field("own", 1, &[m()]),
            field("stated", 2, &[m(), inside(8, &[prefixed(21)])]),
            inside(8, &[text(1, "o"), inside(2, &[prefixed(1)])]),
            field("in_oneof", 3, &[m(), number(9, 0)]),
            inside(3, &[text(1, "Nested"), field("below", 1, &[m()])]),
        ],
    )]));
    let pool = pool.unwrap();
    let is_group = |of: &str, name: &str| {
        let field = message(&pool, of).get_field_by_name(name).unwrap();
        field.is_group()
    };
    assert!(is_group("hand.M", "own"));
    assert!(!is_group("hand.M", "stated"));
    assert!(!is_group("hand.M", "in_oneof"));
    assert!(is_group("hand.M.Nested", "below"));
}

#[test]
fn messages_and_members_of_oneofs_have_presence_whatever_they_state() {
    let implicit = || inside(8, &[inside(21, &[number(1, 2)])]);
    let pool = descriptors::from_set(&set(&[inside(
        4,
        &[
            text(1, "M"),
            field("message", 1, &[of_message(".hand.M"), implicit()]),
            inside(8, &[text(1, "o")]),
            field("member", 2, &[number(9, 0), implicit()]),
            field("plain", 3, &[implicit()]),
        ],
    )]));
    let schema = Schema::compile(&pool.unwrap());
    let wire = [inside(1, &[]), number(2, 0), number(3, 0)].concat();
    let (options, mut json) = (WriteOptions::default(), Vec::new());
    let id = schema.message("hand.M").unwrap();
    wire_to_json(&schema, id, &wire, &options, &mut json).unwrap();
    assert_eq!(json, br#"{"message":{},"member":0}"#);
}

#[test]
fn maps_are_length_prefixed_however_their_type_is_named() {
    for type_name in [".hand.M.MapEntry", "MapEntry"] {
        let entry = [
            text(1, "MapEntry"),
            inside(7, &[number(7, 1)]),
            field("key", 1, &[]),
            field("value", 2, &[of_message(".hand.M")]),
        ];
        let map = [of_message(type_name), number(4, LABEL_REPEATED)];
        let pool = descriptors::from_set(&set(&[
            inside(8, &[inside(50, &[number(5, 2)])]),
            inside(4, &[text(1, "M"), inside(3, &entry), field("map", 1, &map)]),
        ]));
        let pool = pool.unwrap();
        let map = message(&pool, "hand.M").get_field(1).unwrap();
        assert!(map.is_map() && !map.is_group(), "{type_name}");
        let value = message(&pool, "hand.M.MapEntry").get_field(2).unwrap();
        assert!(!value.is_group(), "{type_name}");
    }
}

#[test]
fn proto2_files_may_have_a_json_name_twice() {
    let named = |name, at| field(name, at, &[text(10, "fooBar")]);
    let fields = [named("foo_bar", 1), named("foo__bar", 2)].concat();
    let message_in = |syntax| {
        let parts = [inside(4, &[text(1, "M"), fields.clone()])];
        descriptors::from_set(&set_in(syntax, &parts))
    };
    let pool = message_in("proto2").unwrap();
    let names: Vec<_> = message(&pool, "hand.M")
        .fields()
        .map(|field| field.json_name().to_owned())
        .collect();
    assert_eq!(names, ["fooBar", "foo__bar"]);
    let error = message_in("proto3").unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
}

#[test]
fn messages_nested_without_end_are_refused() {
    let mut nested = text(1, "M");
    for _ in 0..20_000 {
        nested = [text(1, "M"), inside(3, &[nested])].concat();
    }
    let error = descriptors::from_set(&set(&[inside(4, &[nested])])).unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
}

#[test]
fn sources_of_an_edition_are_refused_with_a_remedy() {
    let name = format!("editions-{}", std::process::id());
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&dir).unwrap();
    let write = |name: &str, source: &str| {
        let path = dir.join(name);
        fs::write(&path, source).unwrap();
        path
    };
    let new = write(
        "new.proto",
        "\u{feff}// edition\n/* a * b */\nedition=\"2023\";\nmessage M {}",
    );
    let importing = write(
        "importing.proto",
        "syntax = \"proto3\";\nimport \"new.proto\";\n",
    );
    let wrong = write("wrong.proto", "// edition = \"2023\";\nsyntax = 1;");
    let compile = |file| {
        descriptors::from_protos(&[file], &[&dir])
            .unwrap_err()
            .to_string()
    };
    for file in [&new, &importing] {
        let error = compile(file);
        assert!(
            error.contains("new.proto: the file is of an edition"),
            "{error}"
        );
        assert!(error.contains("--descriptor_set_out=FILE"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    assert!(!compile(&wrong).contains("edition,"), "another fault");
    fs::remove_dir_all(&dir).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_damaged_set_is_an_error_or_a_pool_and_never_a_panic(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = include_bytes!("../data/editions/file.binpb").to_vec();
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = byte;
        }
        if let Ok(pool) = descriptors::from_set(&bytes) {
            Schema::compile(&pool);
        }
    }
}
