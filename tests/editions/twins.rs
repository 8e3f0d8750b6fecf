//! Each message of the editions' files is read and written as its twin, which says
//! the same in proto2 or proto3 and comes through another compiler.

use proptest::prelude::*;
use prost_reflect::{Cardinality, DescriptorPool, Value, prost::Message as _};
use std::{path::Path, sync::LazyLock};
use trestle::{
    descriptors, rule,
    transcode::{ReadOptions, Schema, WriteOptions, check_required, json_to_wire, wire_to_json},
};

const SETS: [&[u8]; 3] = [
    include_bytes!("../data/editions/mixed.binpb"),
    include_bytes!("../data/editions/file.binpb"),
    include_bytes!("../data/editions/2024.binpb"),
];

static EDITIONS: LazyLock<DescriptorPool> =
    LazyLock::new(|| descriptors::from_set(&SETS.concat()).unwrap());

static TWINS: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/protos");
    let names = ["proto2", "proto3", "file", "2024"];
    let files = names.map(|name| dir.join(format!("twin_{name}.proto")));
    descriptors::from_protos(&files, &[dir]).unwrap()
});

/// The pool's plans, and the package that its messages are in.
struct Side {
    schema: Schema,
    package: &'static str,
}

static EDITION: LazyLock<Side> = LazyLock::new(|| Side {
    schema: Schema::compile(&EDITIONS),
    package: "edition",
});

static TWIN: LazyLock<Side> = LazyLock::new(|| Side {
    schema: Schema::compile(&TWINS),
    package: "twin",
});

impl Side {
    /// JSON → wire with all that is required, or what is wrong with it.
    fn read(&self, name: &str, json: &str) -> Result<Vec<u8>, String> {
        let id = self.schema.message(&format!("{}.{name}", self.package));
        let json = json.replace("$", self.package);
        let (options, mut out) = (ReadOptions::default(), Vec::new());
        json_to_wire(
            &self.schema,
            id.unwrap(),
            json.as_bytes(),
            &options,
            &mut out,
        )
        .and_then(|()| check_required(&self.schema, id.unwrap(), &out))
        .map_err(|error| self.neutral(&error.to_string()))?;
        Ok(out)
    }

    /// Wire → JSON, or what is wrong with it.
    fn write(&self, name: &str, wire: &[u8], options: &WriteOptions) -> Result<String, String> {
        let id = self.schema.message(&format!("{}.{name}", self.package));
        let mut out = Vec::new();
        match wire_to_json(&self.schema, id.unwrap(), wire, options, &mut out) {
            Ok(()) => Ok(self.neutral(&String::from_utf8(out).unwrap())),
            Err(error) => Err(self.neutral(&error.to_string())),
        }
    }

    fn neutral(&self, text: &str) -> String {
        text.replace(&format!("{}.", self.package), "$.")
    }
}

/// Both ways of writing, which differ in what presence means to them.
fn write_options() -> [WriteOptions; 2] {
    let all = WriteOptions {
        always_print: true,
        ..WriteOptions::default()
    };
    [WriteOptions::default(), all]
}

#[track_caller]
fn same_on_wire(name: &str, wire: &[u8]) {
    for options in write_options() {
        let ours = EDITION.write(name, wire, &options);
        let theirs = TWIN.write(name, wire, &options);
        assert_eq!(ours, theirs, "{name} {wire:02x?}");
    }
}

/// The document is valid, and reads and writes as the twin's.
#[track_caller]
fn same(name: &str, json: &str) {
    let wire = TWIN.read(name, json);
    assert_eq!(EDITION.read(name, json), wire, "{name} {json}");
    same_on_wire(
        name,
        &wire.unwrap_or_else(|error| panic!("{json}: {error}")),
    );
}

/// The document is invalid, for the same reason as for the twin.
#[track_caller]
fn same_refusal(name: &str, json: &str) {
    let error = TWIN.read(name, json);
    assert!(error.is_err(), "{name} {json}");
    assert_eq!(EDITION.read(name, json), error, "{name} {json}");
}

#[test]
fn presence_is_as_in_proto3_with_and_without_optional() {
    for json in [
        r#"{}"#,
        r#"{"explicitInt32":0,"explicitString":"","explicitOpen":"ZERO"}"#,
        r#"{"explicitInt32":5,"explicitString":"x","explicitOpen":-1}"#,
        r#"{"implicitInt32":0,"implicitSint64":"0","implicitFixed64":0,"implicitDouble":0,
            "implicitFloat":0,"implicitBool":false,"implicitString":"","implicitBytes":"",
            "implicitOpen":"ZERO","null":null}"#,
        r#"{"implicitInt32":1,"implicitSint64":"-1","implicitFixed64":7,"implicitDouble":-0.0,
            "implicitFloat":-0.0,"implicitBool":true,"implicitString":"x","implicitBytes":"AA==",
            "implicitOpen":77,"null":"NULL_VALUE"}"#,
        r#"{"message":{},"timestamp":"1970-01-01T00:00:00Z","value":null,"wrapper":0}"#,
        r#"{"message":{"message":{"implicitInt32":0,"explicitInt32":0}}}"#,
        r#"{"int32Member":0}"#,
        r#"{"stringMember":""}"#,
        r#"{"openMember":"ZERO"}"#,
        r#"{"messageMember":{"explicitInt32":0,"implicitInt32":0}}"#,
    ] {
        same("Presence", json);
    }
    same_refusal("Presence", r#"{"int32Member":1,"stringMember":"x"}"#);
    same_refusal("Presence", r#"{"explicitOpen":"TWO"}"#);
    same_on_wire(
        "Presence",
        b"\x58\x00\x08\x00\x88\x01\x00\x8a\x01\x00\x98\x01\x63",
    );
    // Not UTF-8, which JSON cannot show.
    same_on_wire("Presence", b"\x8a\x01\x01\xff");
}

#[test]
fn repeated_fields_are_packed_as_the_feature_says_and_read_either_way() {
    for json in [
        r#"{"packedInt32":[1,2,300],"packedOpen":["ONE",-1,9],"packedDouble":[0,-0.0,1.5]}"#,
        r#"{"expandedInt32":[1,2,300],"expandedOpen":["ONE","ZERO",9]}"#,
        r#"{"string":["","x"],"message":[{},{"explicitInt32":0,"implicitInt32":0}]}"#,
        r#"{"openMap":{"a":"ONE","":9},"messageMap":{"-1":{}},"bytesMap":{"true":""}}"#,
    ] {
        same("Repeated", json);
    }
    let packed = EDITION.read("Repeated", r#"{"packedInt32":[1,2]}"#);
    assert_eq!(packed.unwrap(), b"\x0a\x02\x01\x02");
    let expanded = EDITION.read("Repeated", r#"{"expandedInt32":[1,2]}"#);
    assert_eq!(expanded.unwrap(), b"\x20\x01\x20\x02");
    same_on_wire(
        "Repeated",
        b"\x08\x01\x0a\x02\x02\x03\x08\x04\x22\x02\x01\x02\x20\x03",
    );
    same_on_wire("Repeated", b"\x42\x00\x42\x02\x10\x05\x4a\x02\x08\x01");
}

#[test]
fn legacy_features_are_as_in_proto2() {
    let with = |more: &str| format!(r#"{{"must":0,"mustMessage":{{"must":""}}{more}}}"#);
    for more in [
        r#""#,
        r#","withDefault":41"#,
        r#","withDefault":0,"closed":"SECOND","closedSecond":1"#,
        r#","closedList":["FIRST",2],"closedPacked":["SECOND",1],"closedMap":{"a":"NAUGHT"}"#,
        r#","group":{"must":"x","number":0},"groupList":[{"must":""},{"must":"y"}]"#,
        r#","innerMap":{"a":{"must":"x"}},"prefixed":{"must":""},"unverified":"é""#,
        r#","closedMember":"FIRST","nested":"NESTED_SIX""#,
        r#","groupMember":{"must":"x","number":-1}"#,
        r#","[$.extension_int32]":0,"[$.extension_list]":["FIRST"],"[$.extension_group]":{"must":""}"#,
    ] {
        same("Legacy", &with(more));
    }
    for more in [
        r#","closed":0"#,
        r#","closed":3"#,
        r#","closedMap":{"a":2}"#,
        r#","nested":"NESTED_SEVEN""#,
        r#","closedMember":"FIRST","groupMember":{"must":""}"#,
    ] {
        same_refusal("Legacy", &with(more));
    }
    let error = EDITION.read("Legacy", &with(r#","group":{}"#)).unwrap_err();
    assert!(error.starts_with("group.must: required"), "{error}");
    same_refusal("Legacy", r#"{"must":1}"#);
    same_refusal("Legacy", r#"{"mustMessage":{"must":""}}"#);
    let start = b"\x08\x01\x12\x02\x1a\x00";
    for rest in [
        // Enum numbers that are unknown: single, listed, packed, in a map, in a oneof.
        &b"\x20\x09\x28\x09\x30\x09\x30\x01\x3a\x03\x01\x09\x02\x42\x05\x0a\x01a\x10\x09\x70\x09"[..],
        // Groups, and then one that is length-prefixed, which is another field.
        b"\x4b\x08\x01\x1a\x01x\x4c\x53\x1a\x00\x54\x53\x1a\x01y\x54",
        b"\x4a\x03\x1a\x01x",
        b"\x5a\x07\x0a\x01a\x12\x02\x1a\x00\x7b\x1a\x00\x7c",
        b"\x6a\x01\xff",
        b"\xa0\x06\x05\xa8\x06\x01\xa8\x06\x07\xb3\x06\x1a\x00\xb4\x06",
    ] {
        same_on_wire("Legacy", &[start, rest].concat());
    }
}

#[test]
fn features_of_the_file_hold_where_nothing_else_is_stated() {
    for json in [
        r#"{"closed":"FIRST","expanded":["FIRST","SECOND"],"packed":[1,2]}"#,
        r#"{"group":{"number":0},"groups":[{},{"number":1}],"prefixed":{"number":1}}"#,
        r#"{"map":{"a":{"number":1}},"closedMap":{"1":"UNIT"},"nested":"NESTED_FIVE"}"#,
        r#"{"text":"","member":{"number":1},"open":9,"opens":[9,"ONE"]}"#,
        r#"{"closedMember":"SECOND"}"#,
        r#"{"[$.file.File.extension_group]":{"number":1},"[$.file.File.extension_list]":[1,2]}"#,
    ] {
        same("file.File", json);
    }
    same_refusal("file.File", r#"{"closed":9}"#);
    same_refusal("file.File", r#"{"nested":9}"#);
    let wire = EDITION.read(
        "file.File",
        r#"{"group":{"number":1},"prefixed":{"number":2}}"#,
    );
    assert_eq!(wire.unwrap(), b"\x23\x08\x01\x24\x42\x02\x08\x02");
}

#[test]
fn edition_2024_is_read_as_well() {
    for json in [
        r#"{"number":0,"text":"","open":"OPEN_ZERO","explicit":0,"message":{},"hidden":{}}"#,
        r#"{"number":1,"text":"x","open":9,"explicit":1,"list":[1,2],"map":{"":0}}"#,
        r#"{"int32Member":0,"hidden":{"flag":false}}"#,
        r#"{"openMember":"OPEN_ZERO"}"#,
    ] {
        same("y2024.Implicit", json);
    }
}

#[test]
fn what_no_syntax_can_say_in_one_file_holds_together() {
    let wire = EDITION.read("Both", r#"{"must":0,"implicit":0,"closed":"FIRST"}"#);
    assert_eq!(wire.unwrap(), b"\x08\x00\x18\x01");
    let [plain, all] = write_options().map(|options| EDITION.write("Both", b"\x08\x00", &options));
    assert_eq!(plain.unwrap(), r#"{"must":0}"#);
    assert_eq!(all.unwrap(), r#"{"must":0,"implicit":0}"#);
    assert!(EDITION.read("Both", r#"{"implicit":1}"#).is_err());
    assert!(EDITION.read("Both", r#"{"must":1,"closed":0}"#).is_err());
}

#[test]
fn json_names_that_come_twice_are_left_to_the_field_of_that_name() {
    for name in ["Names", "file.Names"] {
        let json = r#"{"foo_bar":1,"fooBar":2,"foo__bar":3,"other":4}"#;
        let wire = EDITION.read(name, json).unwrap();
        assert_eq!(wire, b"\x08\x01\x10\x02\x18\x03\x20\x04", "{name}");
        let printed = EDITION.write(name, &wire, &WriteOptions::default());
        assert_eq!(printed.unwrap(), json, "{name}");
    }
}

#[test]
fn the_pool_answers_as_for_other_files() {
    let field = |message: &str, field: &str| {
        let message = EDITIONS.get_message_by_name(message).unwrap();
        message.get_field_by_name(field).unwrap()
    };
    assert_eq!(
        field("edition.Legacy", "must").cardinality(),
        Cardinality::Required
    );
    assert_eq!(
        field("edition.Presence", "message").cardinality(),
        Cardinality::Optional
    );
    assert!(field("edition.Repeated", "packed_int32").is_packed());
    assert!(!field("edition.Repeated", "expanded_int32").is_packed());
    assert!(!field("edition.Repeated", "string").is_packed());
    assert!(field("edition.Legacy", "group").is_group());
    assert!(!field("edition.Legacy", "prefixed").is_group());
    assert!(field("edition.file.File", "group").is_group());
    assert!(field("edition.file.File", "map").is_map());
    assert!(!field("edition.file.File", "map").is_group());
    let entry = field("edition.file.File", "map").kind();
    let value = entry.as_message().unwrap().map_entry_value_field();
    assert!(!value.is_group());
    assert_eq!(
        field("edition.Legacy", "with_default").default_value(),
        Value::I32(41)
    );
    assert_eq!(
        field("edition.Legacy", "closed").default_value(),
        Value::EnumNumber(1)
    );
    assert!(EDITIONS.get_message_by_name("google.rpc.Status").is_some());
}

#[test]
fn rules_are_found_however_annotations_are_imported() {
    let bindings = rule::compile(&EDITIONS, &EDITION.schema).unwrap();
    let served: Vec<_> = bindings.iter().map(|it| it.template.to_string()).collect();
    assert_eq!(served, ["/v1/{explicit_string}", "/v1/implicits"]);
}

/// Wire fields at random, of numbers that the twins have.
fn wire() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![1_u32..35, 100_u32..103];
    let leaf = (number.clone(), 0_u64..12).prop_map(|(number, value)| {
        let mut bytes = varint(u64::from(number << 3));
        bytes.extend(varint(value));
        bytes
    });
    let leaf = prop::collection::vec(leaf, 0..4).prop_map(|fields| fields.concat());
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let inner = prop::collection::vec(inner, 1..4).prop_map(|fields| fields.concat());
        (number.clone(), inner, any::<bool>()).prop_map(|(number, inner, group)| {
            let key = u64::from(number << 3);
            match group {
                true => [varint(key | 3), inner, varint(key | 4)].concat(),
                false => [varint(key | 2), varint(inner.len() as u64), inner].concat(),
            }
        })
    })
}

fn varint(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost_reflect::prost::encoding::encode_varint(value, &mut bytes);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_wire_is_written_as_for_the_twin(wire in wire()) {
        for name in ["Presence", "Repeated", "Legacy", "file.File", "y2024.Implicit"] {
            same_on_wire(name, &wire);
        }
    }
}

/// A guard for all the others: without it they would hold for sets of twins too.
#[test]
fn the_sets_are_of_editions() {
    for set in SETS {
        let set = prost_reflect::prost_types::FileDescriptorSet::decode(set).unwrap();
        assert_eq!(set.file.last().unwrap().syntax(), "editions");
    }
}
