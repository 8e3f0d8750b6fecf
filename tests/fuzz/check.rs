//! What holds for any input, shared by the fuzz targets and by the test that
//! replays their seeds. The first byte of an input chooses the message.

use prost_reflect::{DescriptorPool, DynamicMessage};
use std::sync::LazyLock;
use trestle::transcode::{
    MessageId, ReadOptions, Schema, WriteOptions, json_to_wire, wire_to_json,
};

const MESSAGES: [&str; 9] = [
    "kinds.Scalars",
    "kinds.Optionals",
    "kinds.Lists",
    "kinds.Maps",
    "kinds.Choice",
    "kinds.WellKnown",
    "kinds.Tree",
    "legacy.Base",
    "google.protobuf.Value",
];

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let root = [env!("CARGO_MANIFEST_DIR"), "/tests/protos"].concat();
    let beside = [env!("CARGO_MANIFEST_DIR"), "/../protos"].concat();
    let root = if std::path::Path::new(&root).exists() {
        root
    } else {
        beside
    };
    let mut compiler = protox::Compiler::new([root]).expect("the folder exists");
    compiler.include_imports(true);
    compiler
        .open_files(["kinds.proto", "legacy.proto"])
        .expect("the protos compile");
    compiler.descriptor_pool()
});

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::compile(&POOL));

fn choose(input: &[u8]) -> Option<(&'static str, MessageId, &[u8])> {
    let (first, rest) = input.split_first()?;
    let name = MESSAGES[usize::from(*first) % MESSAGES.len()];
    Some((
        name,
        SCHEMA.message(name).expect("it is in the test protos"),
        rest,
    ))
}

/// JSON that is read gives wire that others can decode, and that prints and reads
/// back to the same bytes.
pub(crate) fn json(input: &[u8]) {
    let Some((name, id, json)) = choose(input) else {
        return;
    };
    for ignore_unknown in [false, true] {
        let options = ReadOptions {
            ignore_unknown,
            ..ReadOptions::default()
        };
        let mut wire = Vec::new();
        if let Err(error) = json_to_wire(&SCHEMA, id, json, &options, &mut wire) {
            assert!(wire.is_empty() && error.to_string().len() < 4000);
            continue;
        }
        let descriptor = POOL
            .get_message_by_name(name)
            .expect("it is in the test protos");
        // The decoder's own limit on depth is lower than what JSON may nest.
        if let Err(error) = DynamicMessage::decode(descriptor, wire.as_slice()) {
            assert!(error.to_string().contains("recursion limit"), "{error}");
        }
        let mut printed = Vec::new();
        match wire_to_json(&SCHEMA, id, &wire, &WriteOptions::default(), &mut printed) {
            Err(error) => assert!(error.description().contains("100 deep"), "{error}"),
            Ok(()) => {
                let mut again = Vec::new();
                json_to_wire(&SCHEMA, id, &printed, &ReadOptions::default(), &mut again)
                    .expect("what was printed can be read");
                assert_eq!(wire, again, "{}", String::from_utf8_lossy(&printed));
            }
        }
    }
}

/// Wire that is printed gives JSON that others can parse, and that reads and prints
/// back to the same text.
pub(crate) fn wire(input: &[u8]) {
    let Some((_, id, wire)) = choose(input) else {
        return;
    };
    let mut printed = Vec::new();
    if wire_to_json(&SCHEMA, id, wire, &WriteOptions::default(), &mut printed).is_err() {
        assert!(printed.is_empty());
        return;
    }
    let parsed = serde_json::from_slice::<serde_json::Value>(&printed);
    assert!(parsed.is_ok(), "{}", String::from_utf8_lossy(&printed));
    // Any depth that prints need not be one that may be sent.
    let options = ReadOptions {
        max_depth: ReadOptions::DEEPEST,
        max_nodes: usize::MAX,
        ..ReadOptions::default()
    };
    let (mut back, mut again) = (Vec::new(), Vec::new());
    json_to_wire(&SCHEMA, id, &printed, &options, &mut back).expect("what was printed can be read");
    wire_to_json(&SCHEMA, id, &back, &WriteOptions::default(), &mut again)
        .expect("what was read can be printed");
    assert_eq!(
        String::from_utf8_lossy(&printed),
        String::from_utf8_lossy(&again)
    );
}
