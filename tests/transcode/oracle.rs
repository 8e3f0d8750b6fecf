//! The same documents through `prost-reflect`'s `DynamicMessage`, which shares no
//! code with the transcoder.

use crate::fixture::*;
use prost_reflect::prost::Message as _;
use prost_reflect::{DeserializeOptions, DynamicMessage};

const DOCUMENTS: &[(&str, &str)] = &[
    (
        "kinds.Scalars",
        r#"{"aDouble":1.25,"aFloat":-3.5,"anInt32":-7,"anInt64":"-8","aUint32":9,"aUint64":"10","aSint32":-11,"aSint64":"-12","aFixed32":13,"aFixed64":"14","aSfixed32":-15,"aSfixed64":"-16","aBool":true,"aString":"é\n","someBytes":"AQID","color":"RED","aliased":1}"#,
    ),
    (
        "kinds.Optionals",
        r#"{"number":0,"text":"","color":"GREEN","message":{"aString":"x"}}"#,
    ),
    (
        "kinds.Lists",
        r#"{"doubles":[1,2.5],"floats":[0.5],"int32s":[1,-1,300],"sint64s":["-1"],"fixed32s":[1],"bools":[true,false],"strings":["a",""],"bytesList":["AA=="],"colors":["RED",9],"messages":[{"aBool":true},{}],"unpacked":[1,2],"values":[1,null,"x",{"a":[]}]}"#,
    ),
    (
        "kinds.Maps",
        r#"{"strings":{"a":"b"},"int32s":{"-1":"5"},"bools":{"true":"RED"},"messages":{"m":{"aFloat":1}},"values":{"v":[1]}}"#,
    ),
    ("kinds.Choice", r#"{"text":"x","no":false,"plain":1}"#),
    (
        "kinds.WellKnown",
        r#"{"timestamp":"2024-05-17T09:30:00.500Z","duration":"-1.500s","mask":"a,bC","structure":{"a":{"b":[1,"x",true,null]}},"value":[{}],"list":[1],"any":{"@type":"x/kinds.Scalars","aBool":true},"empty":{},"doubleValue":1,"int64Value":"1","boolValue":false,"bytesValue":"AA=="}"#,
    ),
    (
        "kinds.Tree",
        r#"{"name":"r","left":{"name":"l","children":[{"name":"c"},{"choice":{"number":1}}]},"named":{"k":{"name":"v"}}}"#,
    ),
    (
        "legacy.Base",
        r#"{"number":1,"closed":"ONE","closeds":["TWO"],"packed":[1],"data":{"inner":1},"item":[{"name":"i"}],"[legacy.extension_number]":5}"#,
    ),
];

fn dynamic(name: &str, json: &str) -> DynamicMessage {
    let descriptor = POOL.get_message_by_name(name).unwrap();
    let mut deserializer = serde_json::Deserializer::from_str(json);
    DynamicMessage::deserialize_with_options(
        descriptor,
        &mut deserializer,
        &DeserializeOptions::new(),
    )
    .unwrap()
}

#[test]
fn both_read_the_same_message() {
    for (name, json) in DOCUMENTS {
        let wire = read(name, json).unwrap_or_else(|error| panic!("{json}: {error}"));
        let descriptor = POOL.get_message_by_name(name).unwrap();
        let ours = DynamicMessage::decode(descriptor, wire.as_slice()).unwrap();
        assert_eq!(ours, dynamic(name, json), "{json}");
    }
}

#[test]
fn both_print_the_same_message() {
    for (name, json) in DOCUMENTS {
        let message = dynamic(name, json);
        let printed =
            write(name, &message.encode_to_vec()).unwrap_or_else(|error| panic!("{json}: {error}"));
        let ours: serde_json::Value = serde_json::from_str(&printed).unwrap();
        // Numbers are compared as doubles: `1` and `1.0` are one value.
        let theirs = serde_json::to_value(&message).unwrap();
        assert_eq!(doubles(ours), doubles(theirs), "{json}");
    }
}

/// Numbers as doubles, whatever they were printed as.
pub(crate) fn doubles(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Array(list) => list.into_iter().map(doubles).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, doubles(value)))
            .collect(),
        other => other,
    }
}
