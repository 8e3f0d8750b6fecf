//! JSON that is refused: why, where, and in what words.

use crate::fixture::*;
use trestle::transcode::{ReadOptions, Reason, json_to_field};

/// Name of the message, JSON, reason, path, offset.
const REFUSED: &[(&str, &str, Reason, &str, usize)] = &[
    // The grammar.
    ("kinds.Scalars", "", Reason::Syntax, "", 0),
    ("kinds.Scalars", "  ", Reason::Syntax, "", 2),
    ("kinds.Scalars", r#"{"aBool":true"#, Reason::Syntax, "", 13),
    ("kinds.Scalars", r#"{"aBool":"#, Reason::Syntax, "aBool", 9),
    ("kinds.Scalars", r#"{"aBool""#, Reason::Syntax, "", 8),
    ("kinds.Scalars", "{} x", Reason::Syntax, "", 3),
    ("kinds.Scalars", "{}{}", Reason::Syntax, "", 2),
    (
        "kinds.Scalars",
        r#"{"aBool":true,}"#,
        Reason::Syntax,
        "",
        14,
    ),
    (
        "kinds.Lists",
        r#"{"int32s":[1,]}"#,
        Reason::Syntax,
        "int32s",
        13,
    ),
    (
        "kinds.Lists",
        r#"{"int32s":[1 2]}"#,
        Reason::Syntax,
        "int32s",
        13,
    ),
    (
        "kinds.Lists",
        r#"{"int32s":[,1]}"#,
        Reason::Syntax,
        "int32s[0]",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"aBool":true /* x */}"#,
        Reason::Syntax,
        "",
        14,
    ),
    ("kinds.Scalars", "{'aBool':true}", Reason::Syntax, "", 1),
    ("kinds.Scalars", "{aBool:true}", Reason::Syntax, "", 1),
    (
        "kinds.Scalars",
        r#"{"aString":'x'}"#,
        Reason::Syntax,
        "aString",
        11,
    ),
    ("kinds.Scalars", r#"{"aBool" true}"#, Reason::Syntax, "", 9),
    (
        "kinds.Scalars",
        r#"{"aBool":true "aFloat":1}"#,
        Reason::Syntax,
        "",
        14,
    ),
    (
        "kinds.Scalars",
        r#"{"aDouble":NaN}"#,
        Reason::Syntax,
        "aDouble",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"aDouble":-Infinity}"#,
        Reason::Syntax,
        "aDouble",
        12,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":01}"#,
        Reason::Syntax,
        "anInt32",
        12,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":+1}"#,
        Reason::Syntax,
        "anInt32",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":.5}"#,
        Reason::Syntax,
        "anInt32",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":1.}"#,
        Reason::Syntax,
        "anInt32",
        13,
    ),
    (
        "kinds.Scalars",
        r#"{"aDouble":1e}"#,
        Reason::Syntax,
        "aDouble",
        13,
    ),
    ("kinds.Scalars", "\u{feff}{}", Reason::Syntax, "", 0),
    (
        "kinds.Scalars",
        r#"{"aString":"\ud800"}"#,
        Reason::Syntax,
        "aString",
        12,
    ),
    (
        "kinds.Scalars",
        r#"{"aString":"\udc00"}"#,
        Reason::Syntax,
        "aString",
        12,
    ),
    (
        "kinds.Scalars",
        r#"{"aString":"\udc00\ud800"}"#,
        Reason::Syntax,
        "aString",
        12,
    ),
    (
        "kinds.Scalars",
        r#"{"aString":"\x"}"#,
        Reason::Syntax,
        "aString",
        12,
    ),
    (
        "kinds.Scalars",
        r#"{"aString":"\U0041"}"#,
        Reason::Syntax,
        "aString",
        12,
    ),
    (
        "kinds.Scalars",
        r#"{"aString":"abc"#,
        Reason::Syntax,
        "aString",
        15,
    ),
    (
        "kinds.Scalars",
        "{\"aString\":\"a\nb\"}",
        Reason::Syntax,
        "aString",
        13,
    ),
    (
        "kinds.Scalars",
        "{\"aString\":\"a\u{0}b\"}",
        Reason::Syntax,
        "aString",
        13,
    ),
    (
        "kinds.Scalars",
        r#"{"aBool":True}"#,
        Reason::Syntax,
        "aBool",
        9,
    ),
    (
        "kinds.Scalars",
        r#"{"aBool":truer}"#,
        Reason::Syntax,
        "aBool",
        9,
    ),
    (
        "kinds.Scalars",
        r#"{"aBool":nul}"#,
        Reason::Syntax,
        "aBool",
        9,
    ),
    (
        "kinds.WellKnown",
        r#"{"value":NaN}"#,
        Reason::Syntax,
        "value",
        9,
    ),
    // The root.
    ("kinds.Scalars", "null", Reason::WrongType, "", 0),
    ("kinds.Scalars", "[]", Reason::WrongType, "", 0),
    ("kinds.Scalars", "\"x\"", Reason::WrongType, "", 0),
    ("kinds.Scalars", "1", Reason::WrongType, "", 0),
    // Twice.
    (
        "kinds.Scalars",
        r#"{"aBool":true,"aBool":true}"#,
        Reason::Duplicate,
        "aBool",
        14,
    ),
    (
        "kinds.Scalars",
        r#"{"aBool":true,"a_bool":true}"#,
        Reason::Duplicate,
        "aBool",
        14,
    ),
    (
        "kinds.Scalars",
        r#"{"a_bool":null,"aBool":true}"#,
        Reason::Duplicate,
        "aBool",
        15,
    ),
    (
        "kinds.Maps",
        r#"{"strings":{"a":"1","\u0061":"2"}}"#,
        Reason::Duplicate,
        "strings[\"a\"]",
        20,
    ),
    (
        "kinds.Maps",
        r#"{"int32s":{"1":1,"1.0":2}}"#,
        Reason::Duplicate,
        "int32s[\"1.0\"]",
        17,
    ),
    (
        "kinds.WellKnown",
        r#"{"structure":{"a":1,"a":1}}"#,
        Reason::Duplicate,
        "structure[\"a\"]",
        20,
    ),
    (
        "kinds.Choice",
        r#"{"number":1,"text":"x"}"#,
        Reason::Duplicate,
        "text",
        12,
    ),
    (
        "kinds.Choice",
        r#"{"nothing":null,"text":"x"}"#,
        Reason::Duplicate,
        "text",
        16,
    ),
    // Names.
    (
        "kinds.Scalars",
        r#"{"aBol":true}"#,
        Reason::UnknownField,
        "",
        1,
    ),
    (
        "kinds.Scalars",
        r#"{"@type":"x/kinds.Scalars"}"#,
        Reason::UnknownField,
        "",
        1,
    ),
    (
        "legacy.Base",
        r#"{"[legacy.unknown]":1}"#,
        Reason::UnknownField,
        "",
        1,
    ),
    (
        "kinds.Tree",
        r#"{"children":[{"left":{"x":1}}]}"#,
        Reason::UnknownField,
        "children[0].left",
        22,
    ),
    (
        "kinds.Scalars",
        r#"{"color":"PURPLE"}"#,
        Reason::UnknownEnumValue,
        "color",
        9,
    ),
    (
        "kinds.Scalars",
        r#"{"color":"1"}"#,
        Reason::UnknownEnumValue,
        "color",
        9,
    ),
    (
        "legacy.Base",
        r#"{"closed":3}"#,
        Reason::UnknownEnumValue,
        "closed",
        10,
    ),
    // Types.
    (
        "kinds.Scalars",
        r#"{"color":true}"#,
        Reason::WrongType,
        "color",
        9,
    ),
    (
        "kinds.Scalars",
        r#"{"color":["RED"]}"#,
        Reason::WrongType,
        "color",
        9,
    ),
    (
        "kinds.Scalars",
        r#"{"color":1.5}"#,
        Reason::WrongType,
        "color",
        9,
    ),
    (
        "kinds.Scalars",
        r#"{"color":2147483648}"#,
        Reason::OutOfRange,
        "color",
        9,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":"abc"}"#,
        Reason::WrongType,
        "anInt32",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":"12abc"}"#,
        Reason::WrongType,
        "anInt32",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":""}"#,
        Reason::WrongType,
        "anInt32",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":" 1"}"#,
        Reason::WrongType,
        "anInt32",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":"1 "}"#,
        Reason::WrongType,
        "anInt32",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":"+1"}"#,
        Reason::WrongType,
        "anInt32",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":"01"}"#,
        Reason::WrongType,
        "anInt32",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":"0x1"}"#,
        Reason::WrongType,
        "anInt32",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":1.5}"#,
        Reason::WrongType,
        "anInt32",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":true}"#,
        Reason::WrongType,
        "anInt32",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"aDouble":"nan"}"#,
        Reason::WrongType,
        "aDouble",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"aDouble":"inf"}"#,
        Reason::WrongType,
        "aDouble",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"aFloat":"infinity"}"#,
        Reason::WrongType,
        "aFloat",
        10,
    ),
    (
        "kinds.Scalars",
        r#"{"aBool":0}"#,
        Reason::WrongType,
        "aBool",
        9,
    ),
    (
        "kinds.Scalars",
        r#"{"aBool":"true"}"#,
        Reason::WrongType,
        "aBool",
        9,
    ),
    (
        "kinds.Scalars",
        r#"{"aString":1}"#,
        Reason::WrongType,
        "aString",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"aString":false}"#,
        Reason::WrongType,
        "aString",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"aString":{}}"#,
        Reason::WrongType,
        "aString",
        11,
    ),
    (
        "kinds.Lists",
        r#"{"int32s":1}"#,
        Reason::WrongType,
        "int32s",
        10,
    ),
    (
        "kinds.Lists",
        r#"{"int32s":{}}"#,
        Reason::WrongType,
        "int32s",
        10,
    ),
    (
        "kinds.Lists",
        r#"{"strings":"a"}"#,
        Reason::WrongType,
        "strings",
        11,
    ),
    (
        "kinds.Lists",
        r#"{"int32s":[1,null]}"#,
        Reason::WrongType,
        "int32s[1]",
        13,
    ),
    (
        "kinds.Lists",
        r#"{"messages":[null]}"#,
        Reason::WrongType,
        "messages[0]",
        13,
    ),
    (
        "kinds.Maps",
        r#"{"strings":{"a":null}}"#,
        Reason::WrongType,
        "strings[\"a\"]",
        16,
    ),
    (
        "kinds.Maps",
        r#"{"messages":{"a":null}}"#,
        Reason::WrongType,
        "messages[\"a\"]",
        17,
    ),
    (
        "kinds.Maps",
        r#"{"strings":[]}"#,
        Reason::WrongType,
        "strings",
        11,
    ),
    (
        "kinds.Maps",
        r#"{"int32s":{"abc":1}}"#,
        Reason::WrongType,
        "int32s[\"abc\"]",
        11,
    ),
    (
        "kinds.Maps",
        r#"{"bools":{"2":1}}"#,
        Reason::WrongType,
        "bools[\"2\"]",
        10,
    ),
    (
        "kinds.Maps",
        r#"{"bools":{"True":1}}"#,
        Reason::WrongType,
        "bools[\"True\"]",
        10,
    ),
    // Ranges.
    (
        "kinds.Scalars",
        r#"{"anInt32":2147483648}"#,
        Reason::OutOfRange,
        "anInt32",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"aSint32":-2147483649}"#,
        Reason::OutOfRange,
        "aSint32",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt64":"9223372036854775808"}"#,
        Reason::OutOfRange,
        "anInt64",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt64":9.223372036854775808e18}"#,
        Reason::OutOfRange,
        "anInt64",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"aSfixed64":-9223372036854775809}"#,
        Reason::OutOfRange,
        "aSfixed64",
        13,
    ),
    (
        "kinds.Scalars",
        r#"{"aUint64":18446744073709551616}"#,
        Reason::OutOfRange,
        "aUint64",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"aUint64":-1}"#,
        Reason::OutOfRange,
        "aUint64",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"aFixed32":4294967296}"#,
        Reason::OutOfRange,
        "aFixed32",
        12,
    ),
    (
        "kinds.Scalars",
        r#"{"aUint64":"1e536870000"}"#,
        Reason::OutOfRange,
        "aUint64",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"aFloat":3.5e38}"#,
        Reason::OutOfRange,
        "aFloat",
        10,
    ),
    (
        "kinds.Scalars",
        r#"{"aFloat":"-3.5e38"}"#,
        Reason::OutOfRange,
        "aFloat",
        10,
    ),
    (
        "kinds.Scalars",
        r#"{"aDouble":1e309}"#,
        Reason::OutOfRange,
        "aDouble",
        11,
    ),
    (
        "kinds.Scalars",
        r#"{"aDouble":"1e309"}"#,
        Reason::OutOfRange,
        "aDouble",
        11,
    ),
    (
        "kinds.WellKnown",
        r#"{"value":1e400}"#,
        Reason::OutOfRange,
        "value",
        9,
    ),
    // Text of well-known types; the whole of their grammar is tested beside it.
    (
        "kinds.Scalars",
        r#"{"someBytes":"A Q="}"#,
        Reason::Malformed,
        "someBytes",
        13,
    ),
    (
        "kinds.Scalars",
        r#"{"someBytes":"+_AA"}"#,
        Reason::Malformed,
        "someBytes",
        13,
    ),
    (
        "kinds.WellKnown",
        r#"{"timestamp":"2024-02-30T00:00:00Z"}"#,
        Reason::Malformed,
        "timestamp",
        13,
    ),
    (
        "kinds.WellKnown",
        r#"{"timestamp":0}"#,
        Reason::WrongType,
        "timestamp",
        13,
    ),
    (
        "kinds.WellKnown",
        r#"{"duration":"1"}"#,
        Reason::Malformed,
        "duration",
        12,
    ),
    (
        "kinds.WellKnown",
        r#"{"duration":"315576000001s"}"#,
        Reason::Malformed,
        "duration",
        12,
    ),
    (
        "kinds.WellKnown",
        r#"{"mask":"foo_bar"}"#,
        Reason::Malformed,
        "mask[0]",
        8,
    ),
    (
        "kinds.WellKnown",
        r#"{"mask":"foo,,bar"}"#,
        Reason::Malformed,
        "mask[1]",
        8,
    ),
    (
        "kinds.WellKnown",
        r#"{"int32Value":{"value":1}}"#,
        Reason::WrongType,
        "int32Value",
        14,
    ),
    (
        "kinds.WellKnown",
        r#"{"int32Values":[null]}"#,
        Reason::WrongType,
        "int32Values[0]",
        16,
    ),
    (
        "kinds.WellKnown",
        r#"{"structure":[]}"#,
        Reason::WrongType,
        "structure",
        13,
    ),
    (
        "kinds.WellKnown",
        r#"{"list":{}}"#,
        Reason::WrongType,
        "list",
        8,
    ),
    // Any.
    (
        "kinds.WellKnown",
        r#"{"any":{"aBool":true}}"#,
        Reason::UnknownType,
        "any",
        8,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"@type":""}}"#,
        Reason::UnknownType,
        "any.@type",
        16,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"@type":"x/no.Such"}}"#,
        Reason::UnknownType,
        "any.@type",
        16,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"@type":"kinds.Tree"}}"#,
        Reason::UnknownType,
        "any.@type",
        16,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"@type":"x/"}}"#,
        Reason::UnknownType,
        "any.@type",
        16,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"@type":1}}"#,
        Reason::WrongType,
        "any.@type",
        16,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"@type":"x/kinds.Tree","@type":"x/kinds.Tree"}}"#,
        Reason::UnknownField,
        "any",
        31,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"@type":"x/google.protobuf.Duration"}}"#,
        Reason::Malformed,
        "any",
        45,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"@type":"x/google.protobuf.Duration","value":"1"}}"#,
        Reason::Malformed,
        "any.value",
        53,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"@type":"x/google.protobuf.Duration","value":"1s","x":1}}"#,
        Reason::UnknownField,
        "any",
        58,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"name":1,"@type":"x/kinds.Tree"}}"#,
        Reason::WrongType,
        "any.name",
        15,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":"x"}"#,
        Reason::WrongType,
        "any",
        7,
    ),
];

#[test]
fn what_is_refused_says_why_and_where() {
    for (name, json, reason, path, offset) in REFUSED {
        let error = match read(name, json) {
            Ok(wire) => panic!("{json} was read as {wire:?}"),
            Err(error) => error,
        };
        let found = (error.reason(), error.path(), error.offset());
        assert_eq!(found, (*reason, *path, Some(*offset)), "{json}: {error}");
        assert!(!error.description().is_empty());
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused_where_they_stand() {
    for (json, offset) in [
        (&b"{\"aString\":\"\xff\"}"[..], 12),
        (b"{\"a\xc3\":1}", 3),
        (b"\xff\xfe{\0}\0", 0),
        (b"{\"aString\":\"\xed\xa0\x80\"}", 12),
    ] {
        let error = read("kinds.Scalars", json).unwrap_err();
        assert_eq!(
            (error.reason(), error.offset()),
            (Reason::Syntax, Some(offset))
        );
    }
}

#[test]
fn messages_can_be_acted_on() {
    for (name, json, line) in [
        (
            "kinds.Scalars",
            r#"{"anInt32":"abc"}"#,
            r#"anInt32: expected an integer (int32), found "abc" (line 1, column 12)"#,
        ),
        (
            "kinds.Scalars",
            "{\n  \"aBol\": true\n}",
            r#"kinds.Scalars has no field "aBol"; did you mean "aBool"? (line 2, column 3)"#,
        ),
        (
            "kinds.Scalars",
            r#"{"color":"REED"}"#,
            r#"color: kinds.Color has no value "REED"; did you mean "RED"? (line 1, column 10)"#,
        ),
        (
            "kinds.Scalars",
            r#"{"aUint32":-1}"#,
            "aUint32: -1 is out of range for uint32: 0 to 4294967295 (line 1, column 12)",
        ),
        (
            "kinds.Choice",
            r#"{"number":1,"text":"x"}"#,
            r#"text: only one field of oneof what may be set: "number", "text", "message", "nothing", "value", "color" (line 1, column 13)"#,
        ),
        (
            "kinds.Scalars",
            "null",
            "expected an object, found null (line 1, column 1)",
        ),
        (
            "kinds.Lists",
            r#"{"int32s":[1,null]}"#,
            "int32s[1]: null is not allowed as element of an array (line 1, column 14)",
        ),
        (
            "kinds.Scalars",
            r#"{"a_bool":true,"aBool":true}"#,
            r#"aBool: "aBool" (or "a_bool") is given twice (line 1, column 16)"#,
        ),
        (
            "kinds.Scalars",
            r#"{"aBool":tru}"#,
            r#"aBool: expected a JSON value, found "t" (line 1, column 10)"#,
        ),
        ("kinds.Scalars", "", "the JSON is empty (line 1, column 1)"),
    ] {
        assert_eq!(read(name, json).unwrap_err().to_string(), line);
    }
}

#[test]
fn text_of_the_client_is_cut_and_escaped() {
    let long = "x\u{1b}\\\"".repeat(10_000);
    let json = format!(r#"{{"anInt32":{}}}"#, serde_json::to_string(&long).unwrap());
    let error = read("kinds.Scalars", &json).unwrap_err();
    assert!(
        error.to_string().len() < 500 && !error.to_string().contains('\u{1b}'),
        "{error}"
    );
    let json = format!(r#"{{{}:1}}"#, serde_json::to_string(&long).unwrap());
    let error = read("kinds.Scalars", &json).unwrap_err();
    assert!(error.to_string().len() < 500, "{error}");
    let json = format!(
        r#"{{"int32s":{{{}:1}}}}"#,
        serde_json::to_string(&long).unwrap()
    );
    assert!(read("kinds.Maps", &json).unwrap_err().to_string().len() < 1000);
    let json = format!(r#"{{"anInt32":{}.5}}"#, "1".repeat(10_000));
    assert!(read("kinds.Scalars", &json).unwrap_err().to_string().len() < 500);
}

#[test]
fn depth_is_bounded_in_every_kind_of_nesting() {
    let nest = |open: &str, close: &str, times: usize, inner: &str| {
        format!("{}{inner}{}", open.repeat(times), close.repeat(times))
    };
    for (name, open, close, inner) in [
        ("google.protobuf.Value", "[", "]", "1"),
        ("google.protobuf.Value", r#"{"a":"#, "}", "1"),
        ("google.protobuf.ListValue", "[", "]", ""),
        ("kinds.Tree", r#"{"left":"#, "}", "{}"),
        ("kinds.Tree", r#"{"children":["#, "]}", "{}"),
        ("kinds.Tree", r#"{"named":{"a":"#, "}}", "{}"),
        ("legacy.Base", r#"{"data":{"base":"#, "}}", "{}"),
        (
            "google.protobuf.Any",
            r#"{"@type":"x/google.protobuf.Any","value":"#,
            "}",
            "{}",
        ),
        (
            "google.protobuf.Any",
            r#"{"value":"#,
            r#","@type":"x/google.protobuf.Any"}"#,
            "{}",
        ),
    ] {
        assert!(read(name, nest(open, close, 25, inner)).is_ok(), "{open}");
        let error = read(name, nest(open, close, 70, inner)).unwrap_err();
        assert_eq!(error.reason(), Reason::TooDeep, "{open}");
        let deepest = ReadOptions {
            max_depth: usize::MAX,
            ..ReadOptions::default()
        };
        let error = read_with(name, nest(open, close, 20_000, inner), &deepest).unwrap_err();
        assert_eq!(error.reason(), Reason::TooDeep, "{open}");
    }
    let million = "[".repeat(1_000_000);
    assert_eq!(
        read("google.protobuf.Value", &million)
            .unwrap_err()
            .reason(),
        Reason::TooDeep
    );
    let skipped = format!(r#"{{"x":{million}"#);
    let ignore = ReadOptions {
        ignore_unknown: true,
        ..ReadOptions::default()
    };
    assert_eq!(
        read_with("kinds.Scalars", skipped, &ignore)
            .unwrap_err()
            .reason(),
        Reason::TooDeep
    );
}

#[test]
fn the_limit_of_depth_is_exact() {
    let options = ReadOptions {
        max_depth: 3,
        ..ReadOptions::default()
    };
    assert!(read_with("google.protobuf.Value", "[[[]],[[1]]]", &options).is_ok());
    assert!(read_with("google.protobuf.Value", "[[[[]]]]", &options).is_err());
}

#[test]
fn the_number_of_values_is_bounded() {
    let options = ReadOptions {
        max_nodes: 5,
        ignore_unknown: true,
        ..ReadOptions::default()
    };
    for (name, fits, does_not) in [
        (
            "kinds.Lists",
            r#"{"int32s":[1,2,3]}"#,
            r#"{"int32s":[1,2,3,4]}"#,
        ),
        (
            "kinds.Lists",
            r#"{"strings":["","",""]}"#,
            r#"{"strings":["","","",""]}"#,
        ),
        ("google.protobuf.Value", "[1,2,3,4]", "[1,2,3,4,5]"),
        ("google.protobuf.Value", "[[],[],{},[]]", "[[],[],{},[],[]]"),
        (
            "kinds.Maps",
            r#"{"int32s":{"1":1,"2":1,"3":1}}"#,
            r#"{"int32s":{"1":1,"2":1,"3":1,"4":1}}"#,
        ),
        ("kinds.Scalars", r#"{"x":[1,2,3]}"#, r#"{"x":[1,2,3,4]}"#),
    ] {
        assert!(read_with(name, fits, &options).is_ok(), "{fits}");
        assert_eq!(
            read_with(name, does_not, &options).unwrap_err().reason(),
            Reason::TooManyNodes,
            "{does_not}"
        );
    }
}

#[test]
fn one_field_is_read_alone_and_in_its_parents() {
    let read = |dotted: &str, json: &str| {
        let mut out = b"kept".to_vec();
        json_to_field(
            &SCHEMA,
            &path("kinds.Tree", dotted),
            json.as_bytes(),
            &ReadOptions::default(),
            &mut out,
        )
        .map(|()| write("kinds.Tree", &out[4..]).unwrap())
        .map_err(|error| (out.len(), error.path().to_owned()))
    };
    assert_eq!(read("name", r#""n""#), Ok(r#"{"name":"n"}"#.into()));
    assert_eq!(
        read("children", r#"[{"name":"a"},{}]"#),
        Ok(r#"{"children":[{"name":"a"},{}]}"#.into())
    );
    assert_eq!(
        read("named", r#"{"k":{}}"#),
        Ok(r#"{"named":{"k":{}}}"#.into())
    );
    assert_eq!(
        read("left.choice.value", "null"),
        Ok(r#"{"left":{"choice":{"value":null}}}"#.into())
    );
    assert_eq!(read("left.choice", "null"), Ok("{}".into()));
    assert_eq!(read("children", "null"), Ok("{}".into()));
    assert_eq!(
        read("left.children", r#"[{"name":1}]"#),
        Err((4, "left.children[0].name".into()))
    );
    assert_eq!(read("name", r#""n" x"#), Err((4, "name".into())));
    assert_eq!(read("name", ""), Err((4, "name".into())));
}

#[test]
fn a_key_given_twice_is_found_whatever_stands_between() {
    let long = "x".repeat(20_000);
    for keys in [2, 8, 9, 100] {
        for value in ["x", &long[..200], &long] {
            let entries: Vec<String> = (0..keys)
                .map(|key| format!(r#""key{key}":"{value}""#))
                .collect();
            let entries = entries.join(",");
            let once = format!(r#"{{"strings":{{{entries}}}}}"#);
            read("kinds.Maps", &once).unwrap();
            for again in [0, keys / 2, keys - 1] {
                let twice = format!(r#"{{"strings":{{{entries},"key{again}":"x"}}}}"#);
                let error = read("kinds.Maps", &twice).unwrap_err();
                assert_eq!(error.reason(), Reason::Duplicate, "{error}");
                assert_eq!(error.path(), format!(r#"strings["key{again}"]"#));
            }
        }
    }
}
