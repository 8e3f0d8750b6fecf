//! Wire bytes in legal but unusual shapes, as protobuf says they merge.

use crate::fixture::*;
use trestle::transcode::{WriteOptions, field_to_json};

#[track_caller]
fn prints(name: &str, wire: &[Vec<u8>], json: &str) {
    assert_eq!(write(name, &wire.concat()).as_deref(), Ok(json));
}

#[test]
fn of_a_scalar_the_last_counts() {
    prints(
        "kinds.Scalars",
        &[varint(3, 1), varint(3, 2)],
        r#"{"anInt32":2}"#,
    );
    prints(
        "kinds.Scalars",
        &[varint(3, 1), delimited(14, "a"), varint(3, 0)],
        r#"{"aString":"a"}"#,
    );
    prints(
        "kinds.Optionals",
        &[varint(1, 1), varint(1, 0)],
        r#"{"number":0}"#,
    );
}

#[test]
fn messages_that_come_in_pieces_merge() {
    let left = |inside: Vec<u8>| delimited(2, inside);
    prints(
        "kinds.Tree",
        &[
            left(delimited(1, "a")),
            delimited(1, "n"),
            left(delimited(3, [])),
            left(left(delimited(1, "b"))),
            left(delimited(3, delimited(1, "c"))),
            left(left(delimited(3, []))),
        ],
        r#"{"name":"n","left":{"name":"a","left":{"name":"b","children":[{}]},"children":[{},{"name":"c"}]}}"#,
    );
    prints(
        "legacy.Base",
        &[
            group(8, varint(1, 1)),
            varint(1, 3),
            group(8, delimited(2, varint(1, 4))),
        ],
        r#"{"number":3,"data":{"inner":1,"base":{"number":4}}}"#,
    );
    let timestamp = |inside: Vec<u8>| delimited(1, inside);
    prints(
        "kinds.WellKnown",
        &[timestamp(varint(1, 1)), timestamp(varint(2, 1000))],
        r#"{"timestamp":"1970-01-01T00:00:01.000001Z"}"#,
    );
    prints(
        "kinds.WellKnown",
        &[
            delimited(3, delimited(1, "a")),
            delimited(3, delimited(1, "b_c")),
        ],
        r#"{"mask":"a,bC"}"#,
    );
    prints(
        "kinds.WellKnown",
        &[delimited(13, varint(1, 5)), delimited(13, [])],
        r#"{"int32Value":5}"#,
    );
}

#[test]
fn repeated_fields_go_on_after_others() {
    prints(
        "kinds.Lists",
        &[
            delimited(7, "a"),
            delimited(3, [1, 2]),
            delimited(7, "b"),
            varint(3, 3),
            delimited(3, []),
        ],
        r#"{"int32s":[1,2,3],"strings":["a","b"]}"#,
    );
    // A run that changes between packed and not.
    prints(
        "kinds.Lists",
        &[varint(11, 1), delimited(11, [2, 3]), varint(11, 4)],
        r#"{"unpacked":[1,2,3,4]}"#,
    );
    prints("kinds.Lists", &[delimited(3, [])], "{}");
    prints(
        "kinds.Lists",
        &[delimited(3, []), varint(3, 7), delimited(3, [])],
        r#"{"int32s":[7]}"#,
    );
    // Unknown fields between the elements.
    prints(
        "kinds.Lists",
        &[varint(3, 1), varint(999, 1), varint(3, 2)],
        r#"{"int32s":[1,2]}"#,
    );
}

#[test]
fn of_a_oneof_the_last_member_counts_and_clears_the_others() {
    prints(
        "kinds.Choice",
        &[varint(1, 5), delimited(2, "a")],
        r#"{"text":"a"}"#,
    );
    prints(
        "kinds.Choice",
        &[delimited(2, "a"), varint(1, 0), varint(9, 3)],
        r#"{"number":0,"plain":3}"#,
    );
    let message = |inside: Vec<u8>| delimited(3, inside);
    prints(
        "kinds.Choice",
        &[message(varint(3, 1)), message(varint(13, 1))],
        r#"{"message":{"anInt32":1,"aBool":true}}"#,
    );
    prints(
        "kinds.Choice",
        &[message(varint(3, 1)), varint(1, 5), message(varint(13, 1))],
        r#"{"message":{"aBool":true}}"#,
    );
    prints(
        "legacy.Base",
        &[group(12, varint(1, 1)), group(12, varint(2, 2))],
        r#"{"chosen":{"inner":1,"another":2}}"#,
    );
}

#[test]
fn of_equal_map_keys_the_last_counts() {
    let entry =
        |key: &str, value: &str| delimited(1, [delimited(1, key), delimited(2, value)].concat());
    prints(
        "kinds.Maps",
        &[
            entry("a", "1"),
            entry("b", "2"),
            entry("a", "3"),
            entry("c", "4"),
        ],
        r#"{"strings":{"b":"2","a":"3","c":"4"}}"#,
    );
    // The same key in two encodings.
    let long = delimited(2, [vec![0x08, 0x81, 0x00], varint(2, 7)].concat());
    prints(
        "kinds.Maps",
        &[delimited(2, [varint(1, 1), varint(2, 6)].concat()), long],
        r#"{"int32s":{"1":"7"}}"#,
    );
}

#[test]
fn map_entries_may_be_incomplete_turned_around_or_in_pieces() {
    prints("kinds.Maps", &[delimited(1, [])], r#"{"strings":{"":""}}"#);
    prints(
        "kinds.Maps",
        &[delimited(2, varint(2, 5))],
        r#"{"int32s":{"0":"5"}}"#,
    );
    prints(
        "kinds.Maps",
        &[delimited(2, varint(1, 5))],
        r#"{"int32s":{"5":"0"}}"#,
    );
    prints(
        "kinds.Maps",
        &[delimited(6, [])],
        r#"{"bools":{"false":"COLOR_UNSPECIFIED"}}"#,
    );
    prints(
        "kinds.Maps",
        &[delimited(7, delimited(1, "k"))],
        r#"{"messages":{"k":{}}}"#,
    );
    prints(
        "kinds.Maps",
        &[delimited(9, varint(1, 1))],
        r#"{"sint32s":{"-1":"1970-01-01T00:00:00Z"}}"#,
    );
    prints(
        "kinds.Maps",
        &[delimited(
            1,
            [delimited(2, "v"), varint(9, 1), delimited(1, "k")].concat(),
        )],
        r#"{"strings":{"k":"v"}}"#,
    );
    prints(
        "kinds.Maps",
        &[delimited(
            1,
            [
                delimited(1, "x"),
                delimited(2, "v"),
                delimited(1, "k"),
                delimited(2, "w"),
            ]
            .concat(),
        )],
        r#"{"strings":{"k":"w"}}"#,
    );
    let pieces = [
        delimited(1, "k"),
        delimited(2, varint(3, 1)),
        delimited(2, varint(13, 1)),
    ]
    .concat();
    prints(
        "kinds.Maps",
        &[delimited(7, pieces)],
        r#"{"messages":{"k":{"anInt32":1,"aBool":true}}}"#,
    );
}

#[test]
fn unknown_fields_are_dropped() {
    let unknown = [
        varint(900, 1),
        delimited(901, "x"),
        group(902, [varint(1, 1), group(2, [])].concat()),
        vec![0xbd, 0x38, 1, 2, 3, 4],
        vec![0xc1, 0x38, 1, 2, 3, 4, 5, 6, 7, 8],
    ]
    .concat();
    prints(
        "kinds.Scalars",
        &[unknown.clone(), varint(13, 1), unknown.clone()],
        r#"{"aBool":true}"#,
    );
    prints(
        "kinds.WellKnown",
        &[
            delimited(1, unknown.clone()),
            delimited(6, unknown.clone()),
            delimited(4, unknown),
        ],
        r#"{"timestamp":"1970-01-01T00:00:00Z","list":[],"structure":{}}"#,
    );
}

#[test]
fn numbers_that_a_closed_enum_does_not_know_are_unknown_fields() {
    prints(
        "legacy.Base",
        &[varint(3, 9), varint(1, 1)],
        r#"{"number":1}"#,
    );
    prints(
        "legacy.Base",
        &[varint(3, 1), varint(3, 9)],
        r#"{"closed":"ONE"}"#,
    );
    prints(
        "legacy.Base",
        &[varint(4, 1), varint(4, 9), varint(4, 2)],
        r#"{"closeds":["ONE","TWO"]}"#,
    );
    prints(
        "legacy.Base",
        &[delimited(4, [1, 9, 2])],
        r#"{"closeds":["ONE","TWO"]}"#,
    );
    prints("legacy.Base", &[varint(4, 9)], "{}");
    prints(
        "legacy.Base",
        &[varint(11, 5), varint(10, 9)],
        r#"{"otherMember":5}"#,
    );
    let entry =
        |key: &str, value: u64| delimited(5, [delimited(1, key), varint(2, value)].concat());
    prints(
        "legacy.Base",
        &[entry("a", 1), entry("b", 9)],
        r#"{"closedMap":{"a":"ONE"}}"#,
    );
    prints(
        "legacy.Base",
        &[entry("a", 1), entry("a", 9)],
        r#"{"closedMap":{"a":"ONE"}}"#,
    );
    prints("legacy.Base", &[entry("b", 9)], "{}");
    prints("kinds.Scalars", &[varint(16, 9)], r#"{"color":9}"#);
}

#[test]
fn varints_may_be_longer_than_they_need_be() {
    prints(
        "kinds.Scalars",
        &[vec![0x98, 0x00, 0x85, 0x80, 0x00]],
        r#"{"anInt32":5}"#,
    );
    prints("kinds.Scalars", &[varint(3, u64::MAX)], r#"{"anInt32":-1}"#);
    prints(
        "kinds.Scalars",
        &[varint(3, u64::from(u32::MAX))],
        r#"{"anInt32":-1}"#,
    );
    prints(
        "kinds.Scalars",
        &[varint(5, u64::MAX)],
        r#"{"aUint32":4294967295}"#,
    );
    prints("kinds.Scalars", &[varint(13, 256)], r#"{"aBool":true}"#);
    prints(
        "kinds.Scalars",
        &[varint(16, (-3i64) as u64)],
        r#"{"color":"NEGATIVE"}"#,
    );
    prints(
        "kinds.Scalars",
        &[varint(7, u64::from(u32::MAX))],
        r#"{"aSint32":-2147483648}"#,
    );
}

#[test]
fn a_dynamic_value_that_comes_in_pieces_merges() {
    let value = |inside: Vec<u8>| delimited(5, inside);
    let entry = |key: &str, inside: Vec<u8>| {
        delimited(1, [delimited(1, key), delimited(2, inside)].concat())
    };
    prints(
        "kinds.WellKnown",
        &[
            value(delimited(5, entry("a", varint(4, 1)))),
            value(delimited(5, entry("b", varint(1, 0)))),
            value(delimited(5, entry("a", varint(4, 0)))),
        ],
        r#"{"value":{"b":null,"a":false}}"#,
    );
    prints(
        "kinds.WellKnown",
        &[
            value(delimited(6, delimited(1, varint(1, 0)))),
            value(delimited(6, delimited(1, varint(4, 1)))),
        ],
        r#"{"value":[null,true]}"#,
    );
    prints(
        "kinds.WellKnown",
        &[value(delimited(3, "x")), value(varint(4, 1))],
        r#"{"value":true}"#,
    );
    prints(
        "kinds.WellKnown",
        &[value([delimited(3, "x"), delimited(3, "y")].concat())],
        r#"{"value":"y"}"#,
    );
}

#[test]
fn pieces_inside_of_an_any_merge_too() {
    let tree = [
        delimited(1, "a"),
        delimited(2, delimited(1, "l")),
        delimited(1, "b"),
    ]
    .concat();
    let any = [
        delimited(2, "ignored, the last one counts"),
        delimited(1, "x/kinds.Tree"),
        delimited(2, tree),
    ]
    .concat();
    prints(
        "kinds.WellKnown",
        &[delimited(7, any)],
        r#"{"any":{"@type":"x/kinds.Tree","name":"b","left":{"name":"l"}}}"#,
    );
}

#[test]
fn one_field_is_printed_from_all_of_its_pieces() {
    let wire = [
        delimited(2, delimited(1, "a")),
        delimited(3, []),
        delimited(2, delimited(3, delimited(1, "c"))),
        delimited(3, []),
    ]
    .concat();
    for (dotted, json) in [
        ("left", r#"{"name":"a","children":[{"name":"c"}]}"#),
        ("children", "[{},{}]"),
        ("left.name", r#""a""#),
    ] {
        let mut out = Vec::new();
        field_to_json(
            &SCHEMA,
            &path("kinds.Tree", dotted),
            &wire,
            &WriteOptions::default(),
            &mut out,
        )
        .unwrap();
        assert_eq!(String::from_utf8_lossy(&out), json);
    }
}
