//! Values that are accepted, and the JSON they come back as.

use crate::fixture::*;
use trestle::transcode::{ReadOptions, WriteOptions, field_to_json};

/// Name of the message, JSON in, JSON out.
const ROUNDS: &[(&str, &str, &str)] = &[
    // Scalars.
    ("kinds.Scalars", "{}", "{}"),
    (
        "kinds.Scalars",
        " \n\t{ \"anInt32\" : 1 } \r\n",
        r#"{"anInt32":1}"#,
    ),
    ("kinds.Scalars", r#"{"an_int32":-1}"#, r#"{"anInt32":-1}"#),
    (
        "kinds.Scalars",
        r#"{"aDouble":1.5,"aFloat":0.1}"#,
        r#"{"aDouble":1.5,"aFloat":0.1}"#,
    ),
    (
        "kinds.Scalars",
        r#"{"aDouble":3,"aFloat":16777216}"#,
        r#"{"aDouble":3,"aFloat":16777216}"#,
    ),
    (
        "kinds.Scalars",
        r#"{"aDouble":"1e3","aFloat":"-2.5"}"#,
        r#"{"aDouble":1000,"aFloat":-2.5}"#,
    ),
    (
        "kinds.Scalars",
        r#"{"aDouble":"NaN","aFloat":"-Infinity"}"#,
        r#"{"aDouble":"NaN","aFloat":"-Infinity"}"#,
    ),
    (
        "kinds.Scalars",
        r#"{"aDouble":"Infinity","aFloat":"NaN"}"#,
        r#"{"aDouble":"Infinity","aFloat":"NaN"}"#,
    ),
    (
        "kinds.Scalars",
        r#"{"aDouble":-0.0,"aFloat":-0}"#,
        r#"{"aDouble":-0,"aFloat":-0}"#,
    ),
    (
        "kinds.Scalars",
        r#"{"aDouble":1e308,"aFloat":3.4028235e38}"#,
        r#"{"aDouble":1e+308,"aFloat":3.4028235e+38}"#,
    ),
    (
        "kinds.Scalars",
        r#"{"aDouble":5e-324,"aFloat":1e-45}"#,
        r#"{"aDouble":5e-324,"aFloat":1e-45}"#,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt32":2147483647,"aSint32":-2147483648,"aSfixed32":"-2147483648"}"#,
        r#"{"anInt32":2147483647,"aSint32":-2147483648,"aSfixed32":-2147483648}"#,
    ),
    (
        "kinds.Scalars",
        r#"{"anInt64":"-9223372036854775808","aSint64":9223372036854775807,"aSfixed64":-1}"#,
        r#"{"anInt64":"-9223372036854775808","aSint64":"9223372036854775807","aSfixed64":"-1"}"#,
    ),
    (
        "kinds.Scalars",
        r#"{"aUint32":4294967295,"aFixed32":"4294967295","aUint64":18446744073709551615,"aFixed64":"1"}"#,
        r#"{"aUint32":4294967295,"aFixed32":4294967295,"aUint64":"18446744073709551615","aFixed64":"1"}"#,
    ),
    ("kinds.Scalars", r#"{"anInt32":1.0}"#, r#"{"anInt32":1}"#),
    (
        "kinds.Scalars",
        r#"{"anInt32":1e3,"anInt64":"1e3","aUint64":"1.50e1"}"#,
        r#"{"anInt32":1000,"anInt64":"1000","aUint64":"15"}"#,
    ),
    ("kinds.Scalars", r#"{"aUint32":-0,"aUint64":"-0.0"}"#, "{}"),
    (
        "kinds.Scalars",
        r#"{"anInt32":"\u0031"}"#,
        r#"{"anInt32":1}"#,
    ),
    ("kinds.Scalars", r#"{"aBool":true}"#, r#"{"aBool":true}"#),
    (
        "kinds.Scalars",
        r#"{"aBool":false,"anInt32":0,"aString":"","someBytes":"","color":"COLOR_UNSPECIFIED"}"#,
        "{}",
    ),
    (
        "kinds.Scalars",
        r#"{"aString":"\u0000\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00<>&\u2028"}"#,
        "{\"aString\":\"\\u0000\\\"\\\\/\\b\\f\\n\\r\\té😀<>&\u{2028}\"}",
    ),
    (
        "kinds.Scalars",
        r#"{"\u0061String":"x"}"#,
        r#"{"aString":"x"}"#,
    ),
    (
        "kinds.Scalars",
        r#"{"someBytes":"AQI="}"#,
        r#"{"someBytes":"AQI="}"#,
    ),
    (
        "kinds.Scalars",
        r#"{"someBytes":"-_"}"#,
        r#"{"someBytes":"+w=="}"#,
    ),
    (
        "kinds.Scalars",
        r#"{"someBytes":"\u0041QI"}"#,
        r#"{"someBytes":"AQI="}"#,
    ),
    ("kinds.Scalars", r#"{"color":"RED"}"#, r#"{"color":"RED"}"#),
    ("kinds.Scalars", r#"{"color":2}"#, r#"{"color":"GREEN"}"#),
    (
        "kinds.Scalars",
        r#"{"color":-3}"#,
        r#"{"color":"NEGATIVE"}"#,
    ),
    ("kinds.Scalars", r#"{"color":1e0}"#, r#"{"color":"RED"}"#),
    ("kinds.Scalars", r#"{"color":77}"#, r#"{"color":77}"#),
    (
        "kinds.Scalars",
        r#"{"color":-2147483648}"#,
        r#"{"color":-2147483648}"#,
    ),
    (
        "kinds.Scalars",
        r#"{"aliased":"SECOND"}"#,
        r#"{"aliased":"FIRST"}"#,
    ),
    ("kinds.Scalars", r#"{"nullValue":null}"#, "{}"),
    ("kinds.Scalars", r#"{"nullValue":"NULL_VALUE"}"#, "{}"),
    (
        "kinds.Scalars",
        r#"{"aString":null,"aDouble":null,"color":null}"#,
        "{}",
    ),
    // Presence.
    (
        "kinds.Optionals",
        r#"{"number":0,"text":"","color":0,"message":{}}"#,
        r#"{"number":0,"text":"","color":"COLOR_UNSPECIFIED","message":{}}"#,
    ),
    (
        "kinds.Optionals",
        r#"{"number":null,"text":null,"message":null}"#,
        "{}",
    ),
    // Repeated.
    ("kinds.Lists", r#"{"int32s":[],"strings":null}"#, "{}"),
    (
        "kinds.Lists",
        r#"{"doubles":[0,1.5,"NaN"],"floats":[0.1],"int32s":[1,"2",3.0],"sint64s":[-1]}"#,
        r#"{"doubles":[0,1.5,"NaN"],"floats":[0.1],"int32s":[1,2,3],"sint64s":["-1"]}"#,
    ),
    (
        "kinds.Lists",
        r#"{"fixed32s":[7],"bools":[true,false],"strings":["","a"],"bytesList":["AA==",""]}"#,
        r#"{"fixed32s":[7],"bools":[true,false],"strings":["","a"],"bytesList":["AA==",""]}"#,
    ),
    (
        "kinds.Lists",
        r#"{"colors":["RED",0,99],"messages":[{},{"aBool":true}],"unpacked":[1,0]}"#,
        r#"{"colors":["RED","COLOR_UNSPECIFIED",99],"messages":[{},{"aBool":true}],"unpacked":[1,0]}"#,
    ),
    (
        "kinds.Lists",
        r#"{"values":[null,1,"a",[],{}],"nulls":[null,null]}"#,
        r#"{"values":[null,1,"a",[],{}],"nulls":[null,null]}"#,
    ),
    // Maps.
    (
        "kinds.Maps",
        r#"{"strings":{"a":"b","":"","é\n":"x"},"int32s":{"-1":"5","0":0}}"#,
        r#"{"strings":{"a":"b","":"","é\n":"x"},"int32s":{"-1":"5","0":"0"}}"#,
    ),
    (
        "kinds.Maps",
        r#"{"int64s":{"9223372036854775807":true},"uint32s":{"4294967295":0.5},"uint64s":{"1e1":"AA=="}}"#,
        r#"{"int64s":{"9223372036854775807":true},"uint32s":{"4294967295":0.5},"uint64s":{"10":"AA=="}}"#,
    ),
    (
        "kinds.Maps",
        r#"{"bools":{"true":"RED","false":7},"messages":{"a":{"aBool":true},"b":{}}}"#,
        r#"{"bools":{"true":"RED","false":7},"messages":{"a":{"aBool":true},"b":{}}}"#,
    ),
    (
        "kinds.Maps",
        r#"{"values":{"a":null,"b":{"c":[1]}},"sint32s":{"-5":"1970-01-01T00:00:00Z"}}"#,
        r#"{"values":{"a":null,"b":{"c":[1]}},"sint32s":{"-5":"1970-01-01T00:00:00Z"}}"#,
    ),
    (
        "kinds.Maps",
        r#"{"strings":{},"fixed64s":{"1":{"fixed64s":{"2":{}}}}}"#,
        r#"{"fixed64s":{"1":{"fixed64s":{"2":{}}}}}"#,
    ),
    // Oneofs.
    ("kinds.Choice", r#"{"number":0}"#, r#"{"number":0}"#),
    ("kinds.Choice", r#"{"text":""}"#, r#"{"text":""}"#),
    (
        "kinds.Choice",
        r#"{"number":null,"text":"a"}"#,
        r#"{"text":"a"}"#,
    ),
    (
        "kinds.Choice",
        r#"{"text":"a","number":null,"message":null}"#,
        r#"{"text":"a"}"#,
    ),
    (
        "kinds.Choice",
        r#"{"nothing":null,"no":false}"#,
        r#"{"nothing":null,"no":false}"#,
    ),
    ("kinds.Choice", r#"{"value":null}"#, r#"{"value":null}"#),
    // Well-known types.
    (
        "kinds.WellKnown",
        r#"{"timestamp":"2024-05-17T11:30:00.5+02:00","duration":"-1.5s"}"#,
        r#"{"timestamp":"2024-05-17T09:30:00.500Z","duration":"-1.500s"}"#,
    ),
    (
        "kinds.WellKnown",
        r#"{"timestamp":"1970-01-01T00:00:00Z","duration":"0s","mask":""}"#,
        r#"{"timestamp":"1970-01-01T00:00:00Z","duration":"0s","mask":""}"#,
    ),
    (
        "kinds.WellKnown",
        r#"{"mask":"fooBar.baz,qux"}"#,
        r#"{"mask":"fooBar.baz,qux"}"#,
    ),
    (
        "kinds.WellKnown",
        r#"{"structure":{"a":{"b":[1,"x",true,false,null,{}]}},"list":[[],{}]}"#,
        r#"{"structure":{"a":{"b":[1,"x",true,false,null,{}]}},"list":[[],{}]}"#,
    ),
    (
        "kinds.WellKnown",
        r#"{"value":{"NaN":"NaN"},"list":[],"structure":{}}"#,
        r#"{"value":{"NaN":"NaN"},"list":[],"structure":{}}"#,
    ),
    (
        "kinds.WellKnown",
        r#"{"value":null,"structure":null,"list":null}"#,
        r#"{"value":null}"#,
    ),
    ("kinds.WellKnown", r#"{"value":-0.0}"#, r#"{"value":-0}"#),
    (
        "kinds.WellKnown",
        r#"{"doubleValue":0,"floatValue":"NaN","int64Value":"1","uint64Value":2,"int32Value":0}"#,
        r#"{"doubleValue":0,"floatValue":"NaN","int64Value":"1","uint64Value":"2","int32Value":0}"#,
    ),
    (
        "kinds.WellKnown",
        r#"{"uint32Value":1,"boolValue":false,"stringValue":"","bytesValue":"AA","int32Values":[0,1]}"#,
        r#"{"uint32Value":1,"boolValue":false,"stringValue":"","bytesValue":"AA==","int32Values":[0,1]}"#,
    ),
    (
        "kinds.WellKnown",
        r#"{"stringValue":null,"empty":{},"any":{}}"#,
        r#"{"empty":{},"any":{}}"#,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"@type":"type.googleapis.com/kinds.Scalars","aBool":true}}"#,
        r#"{"any":{"@type":"type.googleapis.com/kinds.Scalars","aBool":true}}"#,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"aBool":true,"aString":"@type","@type":"a/b/kinds.Scalars"}}"#,
        r#"{"any":{"@type":"a/b/kinds.Scalars","aBool":true,"aString":"@type"}}"#,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"value":"3s","@type":"x/google.protobuf.Duration"}}"#,
        r#"{"any":{"@type":"x/google.protobuf.Duration","value":"3s"}}"#,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"@type":"x/google.protobuf.Value","value":null}}"#,
        r#"{"any":{"@type":"x/google.protobuf.Value","value":null}}"#,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"@type":"x/google.protobuf.Any","value":{"@type":"x/kinds.Tree","name":"n"}}}"#,
        r#"{"any":{"@type":"x/google.protobuf.Any","value":{"@type":"x/kinds.Tree","name":"n"}}}"#,
    ),
    (
        "kinds.WellKnown",
        r#"{"anys":[{"@type":"x/kinds.Tree"},{},{"@type":"x/google.protobuf.Int32Value","value":0}]}"#,
        r#"{"anys":[{"@type":"x/kinds.Tree"},{},{"@type":"x/google.protobuf.Int32Value","value":0}]}"#,
    ),
    (
        "kinds.WellKnown",
        r#"{"any":{"@type":"x/google.protobuf.Empty"}}"#,
        r#"{"any":{"@type":"x/google.protobuf.Empty"}}"#,
    ),
    ("google.protobuf.Value", "null", "null"),
    ("google.protobuf.Int32Value", "0", "0"),
    (
        "google.protobuf.Timestamp",
        r#""1970-01-01T00:00:00Z""#,
        r#""1970-01-01T00:00:00Z""#,
    ),
    // Names.
    (
        "kinds.Names",
        r#"{"snake_case_name":1,"other-name":2,"say \"hi\"":3,"far":4}"#,
        r#"{"snakeCaseName":1,"other-name":2,"say \"hi\"":3,"far":4}"#,
    ),
    (
        "kinds.Names",
        r#"{"custom":2,"odd":3}"#,
        r#"{"other-name":2,"say \"hi\"":3}"#,
    ),
    ("kinds.Names", r#"{"shadowed":4}"#, r#"{"shadowed":4}"#),
    (
        "kinds.Names",
        r#"{"light":5,"shadow":4}"#,
        r#"{"light":5,"shadowed":4}"#,
    ),
    // proto2.
    (
        "legacy.Base",
        r#"{"number":0,"text":"","closed":"ONE"}"#,
        r#"{"number":0,"text":"","closed":"ONE"}"#,
    ),
    (
        "legacy.Base",
        r#"{"closeds":["ONE",2],"closedMap":{"a":1},"unpacked":[1,2],"packed":[3]}"#,
        r#"{"closeds":["ONE","TWO"],"closedMap":{"a":"ONE"},"unpacked":[1,2],"packed":[3]}"#,
    ),
    (
        "legacy.Base",
        r#"{"data":{"inner":1,"base":{"data":{}}},"item":[{"name":"a"},{}]}"#,
        r#"{"data":{"inner":1,"base":{"data":{}}},"item":[{"name":"a"},{}]}"#,
    ),
    (
        "legacy.Base",
        r#"{"[legacy.extension_number]":5,"[legacy.extension_texts]":["a","b"]}"#,
        r#"{"[legacy.extension_number]":5,"[legacy.extension_texts]":["a","b"]}"#,
    ),
    (
        "legacy.Base",
        r#"{"[legacy.extension_base]":{"[legacy.Scope.scoped]":"TWO"}}"#,
        r#"{"[legacy.extension_base]":{"[legacy.Scope.scoped]":"TWO"}}"#,
    ),
];

#[test]
fn values_come_back_in_their_canonical_form() {
    for (name, json, expected) in ROUNDS {
        assert_eq!(round(name, json), *expected, "{name} {json}");
        // What was printed reads as the same bytes again, printed in any way.
        let wire = read(name, json).expect("it was read above");
        for options in [
            WriteOptions {
                pretty: true,
                ..WriteOptions::default()
            },
            WriteOptions {
                proto_names: true,
                ..WriteOptions::default()
            },
            WriteOptions {
                enum_numbers: true,
                ..WriteOptions::default()
            },
        ] {
            // There the proto name of one field is the JSON name of another.
            if options.proto_names && json.contains("shadow") {
                continue;
            }
            let printed = write_with(name, &wire, &options).expect("it was written above");
            let again = read(name, &printed).unwrap_or_else(|error| panic!("{printed}: {error}"));
            assert_eq!(write(name, &again).as_deref(), Ok(*expected), "{printed}");
        }
    }
}

#[test]
fn always_print_prints_fields_without_presence_in_order() {
    let options = WriteOptions {
        always_print: true,
        ..WriteOptions::default()
    };
    assert_eq!(
        write_with("kinds.Choice", &[], &options).as_deref(),
        Ok(r#"{"plain":0}"#)
    );
    let all = r#"{"aDouble":0,"aFloat":0,"anInt32":0,"anInt64":"0","aUint32":0,"aUint64":"0","aSint32":0,"aSint64":"0","aFixed32":0,"aFixed64":"0","aSfixed32":0,"aSfixed64":"0","aBool":false,"aString":"x","someBytes":"","color":"COLOR_UNSPECIFIED","aliased":"ZERO","nullValue":null}"#;
    assert_eq!(
        write_with("kinds.Scalars", &delimited(14, "x"), &options).as_deref(),
        Ok(all)
    );
    // The same from fields that come out of order, and with an explicit zero.
    let wire = [delimited(14, "x"), varint(3, 0)].concat();
    assert_eq!(
        write_with("kinds.Scalars", &wire, &options).as_deref(),
        Ok(all)
    );
    assert_eq!(
        write_with("kinds.Tree", &[], &options).as_deref(),
        Ok(r#"{"name":"","children":[],"named":{}}"#)
    );
    assert_eq!(
        write_with("legacy.Needy", &[], &options).as_deref(),
        Ok(r#"{"list":[],"byName":{}}"#)
    );
}

#[test]
fn the_options_of_printing_change_names_enums_and_layout() {
    let wire = read(
        "kinds.Lists",
        r#"{"colors":["RED"],"nulls":[null],"messages":[{},{"aBool":true}]}"#,
    )
    .unwrap();
    let options = WriteOptions {
        proto_names: true,
        enum_numbers: true,
        pretty: true,
        always_print: false,
    };
    let expected = "{\n  \"colors\": [\n    1\n  ],\n  \"nulls\": [\n    null\n  ],\n  \"messages\": [\n    {},\n    {\n      \"a_bool\": true\n    }\n  ]\n}";
    assert_eq!(
        write_with("kinds.Lists", &wire, &options).as_deref(),
        Ok(expected)
    );
    let wire = read("kinds.Maps", r#"{"values":{"a":{"b":[1]}}}"#).unwrap();
    let expected =
        "{\n  \"values\": {\n    \"a\": {\n      \"b\": [\n        1\n      ]\n    }\n  }\n}";
    let pretty = WriteOptions {
        pretty: true,
        ..WriteOptions::default()
    };
    assert_eq!(
        write_with("kinds.Maps", &wire, &pretty).as_deref(),
        Ok(expected)
    );
}

#[test]
fn unknown_fields_and_enum_names_can_be_ignored() {
    let options = ReadOptions {
        ignore_unknown: true,
        ..ReadOptions::default()
    };
    for (name, json, expected) in [
        (
            "kinds.Scalars",
            r#"{"x":{"a":[1,"b",null,true,{"c":{}}]},"aBool":true,"y":1.5}"#,
            r#"{"aBool":true}"#,
        ),
        (
            "kinds.Scalars",
            r#"{"color":"PURPLE","aBool":true}"#,
            r#"{"aBool":true}"#,
        ),
        (
            "kinds.Lists",
            r#"{"colors":["RED","PURPLE","GREEN"]}"#,
            r#"{"colors":["RED","GREEN"]}"#,
        ),
        ("kinds.Lists", r#"{"colors":["PURPLE"]}"#, "{}"),
        (
            "kinds.Maps",
            r#"{"bools":{"true":"PURPLE","false":"RED"}}"#,
            r#"{"bools":{"false":"RED"}}"#,
        ),
        (
            "kinds.Choice",
            r#"{"color":"PURPLE","number":1}"#,
            r#"{"number":1}"#,
        ),
        (
            "legacy.Base",
            r#"{"closed":7,"closeds":["ONE",7],"[legacy.unknown]":1}"#,
            r#"{"closeds":["ONE"]}"#,
        ),
        (
            "kinds.WellKnown",
            r#"{"any":{"@type":"x/google.protobuf.Duration","value":"1s","x":[]}}"#,
            r#"{"any":{"@type":"x/google.protobuf.Duration","value":"1s"}}"#,
        ),
    ] {
        let wire =
            read_with(name, json, &options).unwrap_or_else(|error| panic!("{json}: {error}"));
        assert_eq!(write(name, &wire).as_deref(), Ok(expected), "{json}");
    }
    for json in [
        r#"{"x":}"#,
        r#"{"x":[1,]}"#,
        r#"{"x":{"a"}}"#,
        r#"{"x":01}"#,
        r#"{"x":"\x"}"#,
        r#"{"x":tru}"#,
    ] {
        assert!(
            read_with("kinds.Scalars", json, &options).is_err(),
            "{json}"
        );
    }
}

#[test]
fn one_field_is_printed_alone() {
    let wire = read(
        "kinds.Tree",
        r#"{"name":"n","left":{"choice":{"number":7}},"children":[{"name":"c"},{}]}"#,
    )
    .unwrap();
    for (dotted, expected) in [
        ("name", r#""n""#),
        ("children", r#"[{"name":"c"},{}]"#),
        ("left", r#"{"choice":{"number":7}}"#),
        ("left.choice.number", "7"),
        ("left.choice.text", r#""""#),
        ("left.left", "{}"),
        ("left.children", "[]"),
        ("named", "{}"),
        ("choice.value", "null"),
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
        assert_eq!(String::from_utf8_lossy(&out), expected, "{dotted}");
    }
    for (name, dotted, expected) in [
        ("legacy.Base", "number", "41"),
        ("legacy.Base", "text", r#""a\"b""#),
        ("legacy.Base", "closed", r#""TWO""#),
        ("legacy.Base", "closeds", "[]"),
        ("kinds.WellKnown", "timestamp", "null"),
        ("kinds.WellKnown", "int32_value", "null"),
        ("kinds.Scalars", "an_int64", r#""0""#),
        ("kinds.Scalars", "null_value", "null"),
    ] {
        let mut out = Vec::new();
        field_to_json(
            &SCHEMA,
            &path(name, dotted),
            &[],
            &WriteOptions::default(),
            &mut out,
        )
        .unwrap();
        assert_eq!(String::from_utf8_lossy(&out), expected, "{dotted}");
    }
}

#[test]
fn any_in_any_is_read_the_same_wherever_its_type_stands() {
    const ANY: &str = r#""@type":"x/google.protobuf.Any""#;
    const LIST: &str = r#""@type":"x/google.protobuf.ListValue""#;
    // Narrow ones are looked over again at each level, wide ones once.
    for width in [1, 30, 5_000] {
        let list = format!("[{},[[],{{}}]]", vec!["[{}]"; width].join(","));
        let (mut first, mut last) = (
            format!(r#"{{{LIST},"value":{list}}}"#),
            format!(r#"{{"value":{list},{LIST}}}"#),
        );
        for _ in 0..25 {
            first = format!(r#"{{{ANY},"value":{first}}}"#);
            last = format!(r#"{{"value":{last},{ANY}}}"#);
        }
        let all = |one: &str| format!(r#"{{"anys":[{one},{one}],"any":{one}}}"#);
        let wire = read("kinds.WellKnown", all(&first)).unwrap();
        assert!(
            read("kinds.WellKnown", all(&last)).unwrap() == wire,
            "{width}"
        );
        let inside = |one: &str| format!(r#"{{"value":{one},{ANY}}}"#);
        let wire = read("google.protobuf.Any", inside(&first)).unwrap();
        assert!(
            read("google.protobuf.Any", inside(&last)).unwrap() == wire,
            "{width}"
        );
    }
}
