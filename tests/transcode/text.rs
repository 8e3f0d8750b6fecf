//! Text from paths and queries, and what a path says of its field.

use crate::fixture::*;
use trestle::transcode::{
    PathKind, ReadOptions, Reason, TextForm, text_to_field, text_to_map_entry,
};

fn bind(name: &str, dotted: &str, text: &str) -> Result<Vec<u8>, (Reason, String)> {
    let mut out = b"kept".to_vec();
    text_to_field(
        &SCHEMA,
        &path(name, dotted),
        text,
        &ReadOptions::default(),
        &mut out,
    )
    .map(|()| out.split_off(4))
    .map_err(|error| {
        assert_eq!(out, b"kept");
        assert_eq!((error.offset(), error.line_column()), (None, None));
        (error.reason(), error.path().to_owned())
    })
}

#[test]
fn text_becomes_the_field() {
    for (name, dotted, text, json) in [
        ("kinds.Scalars", "an_int32", "-5", r#"{"anInt32":-5}"#),
        ("kinds.Scalars", "anInt32", "1e2", r#"{"anInt32":100}"#),
        (
            "kinds.Scalars",
            "a_uint64",
            "18446744073709551615",
            r#"{"aUint64":"18446744073709551615"}"#,
        ),
        ("kinds.Scalars", "a_double", "1.5", r#"{"aDouble":1.5}"#),
        ("kinds.Scalars", "a_double", "NaN", r#"{"aDouble":"NaN"}"#),
        ("kinds.Scalars", "a_bool", "true", r#"{"aBool":true}"#),
        (
            "kinds.Scalars",
            "a_string",
            "a \"b\" é",
            r#"{"aString":"a \"b\" é"}"#,
        ),
        (
            "kinds.Scalars",
            "some_bytes",
            "-_",
            r#"{"someBytes":"+w=="}"#,
        ),
        ("kinds.Scalars", "color", "RED", r#"{"color":"RED"}"#),
        ("kinds.Scalars", "color", "2", r#"{"color":"GREEN"}"#),
        ("kinds.Scalars", "color", "-9", r#"{"color":-9}"#),
        (
            "kinds.Optionals",
            "message.a_string",
            "x",
            r#"{"message":{"aString":"x"}}"#,
        ),
        ("kinds.Optionals", "text", "", r#"{"text":""}"#),
        (
            "kinds.WellKnown",
            "timestamp",
            "2024-01-01T00:00:00Z",
            r#"{"timestamp":"2024-01-01T00:00:00Z"}"#,
        ),
        (
            "kinds.WellKnown",
            "duration",
            "1.5s",
            r#"{"duration":"1.500s"}"#,
        ),
        ("kinds.WellKnown", "mask", "a,bC", r#"{"mask":"a,bC"}"#),
        ("kinds.WellKnown", "int32_value", "0", r#"{"int32Value":0}"#),
        (
            "kinds.WellKnown",
            "string_value",
            "s",
            r#"{"stringValue":"s"}"#,
        ),
        (
            "kinds.WellKnown",
            "value",
            r#"{"a":[1]}"#,
            r#"{"value":{"a":[1]}}"#,
        ),
        (
            "kinds.WellKnown",
            "structure",
            r#"{"a":1}"#,
            r#"{"structure":{"a":1}}"#,
        ),
        ("kinds.WellKnown", "list", "[]", r#"{"list":[]}"#),
        ("kinds.Lists", "int32s", "0", r#"{"int32s":[0]}"#),
        ("kinds.Lists", "unpacked", "7", r#"{"unpacked":[7]}"#),
        ("kinds.Lists", "strings", "", r#"{"strings":[""]}"#),
        (
            "kinds.Choice",
            "nothing",
            "NULL_VALUE",
            r#"{"nothing":null}"#,
        ),
        ("legacy.Base", "data.inner", "5", r#"{"data":{"inner":5}}"#),
        (
            "legacy.Base",
            "[legacy.extension_base].[legacy.extension_number]",
            "5",
            r#"{"[legacy.extension_base]":{"[legacy.extension_number]":5}}"#,
        ),
        ("legacy.Base", "closed", "2", r#"{"closed":"TWO"}"#),
    ] {
        let wire =
            bind(name, dotted, text).unwrap_or_else(|error| panic!("{dotted}={text}: {error:?}"));
        assert_eq!(write(name, &wire).as_deref(), Ok(json), "{dotted}={text}");
    }
}

#[test]
fn text_overrides_what_stands_before_it_even_with_a_zero() {
    for (name, dotted, before, text, json) in [
        ("kinds.Scalars", "an_int32", r#"{"anInt32":5}"#, "0", "{}"),
        ("kinds.Scalars", "a_string", r#"{"aString":"x"}"#, "", "{}"),
        (
            "kinds.WellKnown",
            "int32_value",
            r#"{"int32Value":5}"#,
            "0",
            r#"{"int32Value":0}"#,
        ),
        (
            "kinds.WellKnown",
            "timestamp",
            r#"{"timestamp":"2024-01-01T00:00:00.5Z"}"#,
            "1970-01-01T00:00:00Z",
            r#"{"timestamp":"1970-01-01T00:00:00Z"}"#,
        ),
        (
            "kinds.WellKnown",
            "duration",
            r#"{"duration":"1.5s"}"#,
            "2s",
            r#"{"duration":"2s"}"#,
        ),
        (
            "kinds.Optionals",
            "message.a_bool",
            r#"{"message":{"aBool":true,"aString":"x"}}"#,
            "false",
            r#"{"message":{"aString":"x"}}"#,
        ),
    ] {
        let mut wire = read(name, before).unwrap();
        wire.extend(bind(name, dotted, text).unwrap());
        assert_eq!(write(name, &wire).as_deref(), Ok(json), "{dotted}={text}");
    }
}

#[test]
fn text_that_does_not_fit_is_refused() {
    for (name, dotted, text, reason) in [
        ("kinds.Scalars", "an_int32", "", Reason::WrongType),
        ("kinds.Scalars", "an_int32", "+5", Reason::WrongType),
        ("kinds.Scalars", "an_int32", "05", Reason::WrongType),
        ("kinds.Scalars", "an_int32", "5.5", Reason::WrongType),
        (
            "kinds.Scalars",
            "an_int32",
            "2147483648",
            Reason::OutOfRange,
        ),
        ("kinds.Scalars", "a_bool", "1", Reason::WrongType),
        ("kinds.Scalars", "a_bool", "TRUE", Reason::WrongType),
        ("kinds.Scalars", "a_double", "inf", Reason::WrongType),
        ("kinds.Scalars", "some_bytes", "a b", Reason::Malformed),
        ("kinds.Scalars", "color", "PURPLE", Reason::UnknownEnumValue),
        ("legacy.Base", "closed", "9", Reason::UnknownEnumValue),
        (
            "kinds.WellKnown",
            "timestamp",
            "yesterday",
            Reason::Malformed,
        ),
        ("kinds.WellKnown", "value", "{", Reason::Syntax),
        ("kinds.WellKnown", "value", "1 2", Reason::Syntax),
        ("kinds.WellKnown", "any", "{}", Reason::WrongType),
        ("kinds.Optionals", "message", "{}", Reason::WrongType),
        ("kinds.Optionals", "message.a_bool", "x", Reason::WrongType),
        ("kinds.Maps", "strings", "x", Reason::WrongType),
    ] {
        let (found, _) = bind(name, dotted, text).unwrap_err();
        assert_eq!(found, reason, "{dotted}={text}");
    }
    assert_eq!(
        bind("kinds.Optionals", "message.a_bool", "x")
            .unwrap_err()
            .1,
        "message.aBool"
    );
}

#[test]
fn map_entries_are_bound_by_key_and_value() {
    let bind = |dotted: &str, key: &str, value: &str| {
        let mut out = b"kept".to_vec();
        text_to_map_entry(
            &SCHEMA,
            &path("kinds.Maps", dotted),
            key,
            value,
            &ReadOptions::default(),
            &mut out,
        )
        .map(|_| write("kinds.Maps", &out[4..]).unwrap())
        .map_err(|error| (out.len(), error.reason(), error.path().to_owned()))
    };
    assert_eq!(
        bind("strings", "a", "b"),
        Ok(r#"{"strings":{"a":"b"}}"#.into())
    );
    assert_eq!(
        bind("int32s", "-1", "0"),
        Ok(r#"{"int32s":{"-1":"0"}}"#.into())
    );
    assert_eq!(
        bind("bools", "true", "RED"),
        Ok(r#"{"bools":{"true":"RED"}}"#.into())
    );
    assert_eq!(
        bind("sint32s", "1", "1970-01-01T00:00:00Z"),
        Ok(r#"{"sint32s":{"1":"1970-01-01T00:00:00Z"}}"#.into())
    );
    assert_eq!(
        bind("values", "a", "[1]"),
        Ok(r#"{"values":{"a":[1]}}"#.into())
    );
    assert_eq!(
        bind("int32s", "x", "0"),
        Err((4, Reason::WrongType, r#"int32s["x"]"#.into()))
    );
    assert_eq!(
        bind("int32s", "1", "x"),
        Err((4, Reason::WrongType, r#"int32s["1"]"#.into()))
    );
    assert_eq!(
        bind("messages", "a", "{}"),
        Err((4, Reason::WrongType, r#"messages["a"]"#.into()))
    );
}

#[test]
fn paths_are_resolved_by_either_name_and_know_their_kind() {
    let kind = |form, is_repeated| PathKind { form, is_repeated };
    for (name, dotted, proto, expected) in [
        (
            "kinds.Optionals",
            "message.aBool",
            "message.a_bool",
            kind(TextForm::Scalar, false),
        ),
        (
            "kinds.Lists",
            "int32s",
            "int32s",
            kind(TextForm::Scalar, true),
        ),
        (
            "kinds.Lists",
            "messages",
            "messages",
            kind(TextForm::Message, true),
        ),
        (
            "kinds.Maps",
            "strings",
            "strings",
            kind(TextForm::Map, false),
        ),
        (
            "kinds.WellKnown",
            "timestamp",
            "timestamp",
            kind(TextForm::Scalar, false),
        ),
        (
            "kinds.WellKnown",
            "uint64Value",
            "uint64_value",
            kind(TextForm::Scalar, false),
        ),
        (
            "kinds.WellKnown",
            "structure",
            "structure",
            kind(TextForm::JsonText, false),
        ),
        (
            "kinds.WellKnown",
            "any",
            "any",
            kind(TextForm::Message, false),
        ),
        (
            "kinds.WellKnown",
            "empty",
            "empty",
            kind(TextForm::Message, false),
        ),
        (
            "legacy.Base",
            "data.base.number",
            "data.base.number",
            kind(TextForm::Scalar, false),
        ),
    ] {
        let path = path(name, dotted);
        assert_eq!(SCHEMA.path_name(&path), proto);
        assert_eq!(SCHEMA.path_kind(&path), expected, "{dotted}");
        assert_eq!(path.len(), proto.split('.').count());
    }
    assert_eq!(
        path("kinds.Names", "snake_case_name"),
        path("kinds.Names", "snakeCaseName")
    );
}

#[test]
fn paths_that_lead_nowhere_say_where_they_end() {
    for (name, dotted, element) in [
        ("kinds.Optionals", "", 0),
        ("kinds.Optionals", "nope", 0),
        ("kinds.Optionals", "message.nope", 1),
        ("kinds.Optionals", "message.", 1),
        ("kinds.Optionals", "number.x", 0),
        ("kinds.Lists", "messages.a_bool", 0),
        ("kinds.Maps", "strings.value", 0),
    ] {
        let error = SCHEMA.field_path(message(name), dotted).unwrap_err();
        assert_eq!(error.element, element, "{dotted}: {error}");
    }
}

#[test]
fn prefixes_and_oneofs_of_paths() {
    let of = |dotted| path("kinds.Tree", dotted);
    assert!(of("left.name").starts_with(&of("left")) && of("left").starts_with(&of("left")));
    assert!(!of("left").starts_with(&of("left.name")) && !of("left.name").starts_with(&of("name")));
    let choice = |dotted| SCHEMA.path_choices(&of(dotted)).last();
    let excludes = |one, other| choice(one).unwrap().excludes(&choice(other).unwrap());
    assert!(excludes("choice.number", "choice.text") && excludes("choice.text", "choice.number"));
    assert!(!excludes("choice.number", "choice.number"));
    assert!(!excludes("choice.number", "choice.yes"), "another oneof");
    assert!(
        !excludes("choice.number", "left.choice.text"),
        "another message"
    );
    assert!(choice("choice.plain").is_none());
    let optional = path("kinds.Optionals", "number");
    assert_eq!(
        SCHEMA.path_choices(&optional).count(),
        0,
        "`optional` is no choice"
    );
}
