//! Wire bytes that have no JSON.

use crate::fixture::*;

#[test]
fn broken_wire_says_what_and_where() {
    for (name, wire, path, part) in [
        ("kinds.Scalars", vec![0x18], "anInt32", "ends in the middle"),
        (
            "kinds.Scalars",
            vec![0x18, 0x80],
            "anInt32",
            "ends in the middle",
        ),
        (
            "kinds.Scalars",
            vec![0x09, 1, 2, 3],
            "aDouble",
            "ends in the middle",
        ),
        (
            "kinds.Scalars",
            vec![0x72, 5, b'a'],
            "aString",
            "ends in the middle",
        ),
        (
            "kinds.Scalars",
            [vec![0x72], encoded(u64::MAX)].concat(),
            "aString",
            "ends in the middle",
        ),
        (
            "kinds.Scalars",
            [vec![0x18], vec![0xff; 10], vec![1]].concat(),
            "anInt32",
            "does not fit into 64 bits",
        ),
        ("kinds.Scalars", vec![0x00, 0x01], "", "field number"),
        ("kinds.Scalars", encoded(1 << 35), "", "field number"),
        ("kinds.Scalars", vec![0x1e], "anInt32", "wire type"),
        ("kinds.Scalars", vec![0xf7, 0x7f], "", "wire type 6 or 7"),
        ("kinds.Scalars", vec![0x0c], "aDouble", "wire type"),
        ("kinds.Scalars", delimited(3, "x"), "anInt32", "wire type"),
        ("kinds.Scalars", varint(14, 1), "aString", "wire type"),
        (
            "kinds.Lists",
            delimited(3, [0x80]),
            "int32s[0]",
            "ends in the middle",
        ),
        (
            "kinds.Lists",
            [varint(3, 1), delimited(3, [1, 0x80])].concat(),
            "int32s[2]",
            "ends in the middle",
        ),
        (
            "kinds.Lists",
            delimited(6 - 1, [1, 2, 3]),
            "fixed32s[0]",
            "ends in the middle",
        ),
        ("kinds.Maps", varint(1, 1), "strings", "wire type"),
        (
            "kinds.Maps",
            delimited(1, varint(1, 1)),
            "strings",
            "wire type",
        ),
        (
            "kinds.Maps",
            delimited(7, [delimited(1, "k"), delimited(2, [0x18])].concat()),
            "messages[\"k\"].anInt32",
            "ends",
        ),
        ("kinds.Scalars", delimited(14, [0xff]), "aString", "UTF-8"),
        (
            "kinds.Maps",
            delimited(1, delimited(1, [0xc3])),
            "strings",
            "UTF-8",
        ),
        ("legacy.Base", vec![0x43], "data", "ends in the middle"),
        ("legacy.Base", vec![0x43, 0x4c], "data", "not ended"),
        (
            "kinds.WellKnown",
            delimited(1, varint(1, 253_402_300_800)),
            "timestamp",
            "out of range",
        ),
        (
            "kinds.WellKnown",
            delimited(1, varint(2, 1_000_000_000)),
            "timestamp",
            "out of range",
        ),
        (
            "kinds.WellKnown",
            delimited(1, varint(2, u64::MAX)),
            "timestamp",
            "out of range",
        ),
        (
            "kinds.WellKnown",
            delimited(2, varint(1, 315_576_000_001)),
            "duration",
            "out of range",
        ),
        (
            "kinds.WellKnown",
            delimited(2, [varint(1, 1), varint(2, u64::MAX)].concat()),
            "duration",
            "one sign",
        ),
        (
            "kinds.WellKnown",
            delimited(3, delimited(1, "fooBar")),
            "mask",
            "fooBar",
        ),
        (
            "kinds.WellKnown",
            delimited(3, delimited(1, "foo_3")),
            "mask",
            "foo_3",
        ),
        ("kinds.WellKnown", delimited(5, []), "value", "no value"),
        (
            "kinds.WellKnown",
            delimited(5, [vec![0x11], f64::NAN.to_le_bytes().to_vec()].concat()),
            "value.numberValue",
            "NaN",
        ),
        (
            "kinds.WellKnown",
            delimited(
                6,
                delimited(
                    1,
                    [vec![0x11], f64::INFINITY.to_le_bytes().to_vec()].concat(),
                ),
            ),
            "list[0].numberValue",
            "infinity",
        ),
        (
            "kinds.WellKnown",
            delimited(7, delimited(1, "x/no.Such")),
            "any",
            "no.Such",
        ),
        (
            "kinds.WellKnown",
            delimited(7, delimited(2, "x")),
            "any",
            "not known",
        ),
        (
            "kinds.WellKnown",
            delimited(
                7,
                [delimited(1, "x/kinds.Tree"), delimited(2, [0x0a])].concat(),
            ),
            "any.name",
            "ends",
        ),
    ] {
        let error = match write(name, &wire) {
            Ok(json) => panic!("{wire:?} was written as {json}"),
            Err(error) => error,
        };
        assert_eq!(error.path(), path, "{error}");
        assert!(error.description().contains(part), "{error}");
    }
}

#[test]
fn depth_is_bounded() {
    let mut tree = Vec::new();
    for _ in 0..99 {
        tree = delimited(2, tree);
    }
    assert!(write("kinds.Tree", &tree).is_ok());
    for _ in 0..3000 {
        tree = delimited(2, tree);
    }
    assert!(
        write("kinds.Tree", &tree)
            .unwrap_err()
            .description()
            .contains("100 deep")
    );
    let groups = vec![0x43; 100_000];
    assert!(write("legacy.Base", &groups).is_err());
    let unknown = vec![0x0b; 100_000];
    assert!(write("kinds.Tree", &unknown).is_err());
    let mut any = delimited(1, "x/google.protobuf.Any");
    for _ in 0..200 {
        any = [delimited(1, "x/google.protobuf.Any"), delimited(2, any)].concat();
    }
    assert!(write("google.protobuf.Any", &any).is_err());
}
