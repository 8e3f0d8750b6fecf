//! What must hold for any input: one function a fuzz target, which panics where it
//! does not. Shared by the fuzz targets and by the test that replays the corpus.
#![allow(
    dead_code,
    unused_imports,
    reason = "each fuzz target calls one of the functions"
)]

mod json_to_wire;
mod requests;
mod templates;
mod wire_to_json;

pub(crate) use json_to_wire::json_to_wire;
pub(crate) use requests::requests;
pub(crate) use templates::templates;
pub(crate) use wire_to_json::wire_to_json;

use prost_reflect::{DescriptorPool, MessageDescriptor};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use trestle::descriptors;
use trestle::transcode::{MessageId, ReadOptions, Schema, WriteOptions};

/// The messages that an input can be about, by its first letter.
const MESSAGES: [&str; 13] = [
    "kinds.Scalars",
    "kinds.Optionals",
    "kinds.Lists",
    "kinds.Maps",
    "kinds.Choice",
    "kinds.WellKnown",
    "kinds.Tree",
    "kinds.Names",
    "legacy.Base",
    "google.protobuf.Value",
    "google.protobuf.Any",
    "google.protobuf.Timestamp",
    "google.protobuf.Duration",
];

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    descriptors::from_protos(&["kinds.proto", "legacy.proto"], &[protos("protos")])
        .expect("the test protos compile")
});

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::compile(&POOL));

/// A directory below `tests/`, seen from either of the two packages.
fn protos(directory: &str) -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let candidates = [manifest.join("tests"), manifest.join("..")];
    let found = candidates
        .iter()
        .map(|tests| tests.join(directory))
        .find(|path| path.is_dir());
    found.expect("the package is the root's or lies in tests/fuzz")
}

/// What an input is about: a letter for the message, in upper case for the unusual
/// options, then the text or bytes.
struct Subject<'a> {
    id: MessageId,
    descriptor: MessageDescriptor,
    unusual: bool,
    content: &'a [u8],
}

impl<'a> Subject<'a> {
    fn read(input: &'a [u8]) -> Option<Subject<'a>> {
        let (letter, content) = input.split_first()?;
        let index = usize::from(letter.to_ascii_lowercase().wrapping_sub(b'a'));
        let name = MESSAGES[index % MESSAGES.len()];
        Some(Subject {
            id: SCHEMA.message(name).expect("it is in the test protos"),
            descriptor: POOL
                .get_message_by_name(name)
                .expect("it is in the test protos"),
            unusual: letter.is_ascii_uppercase(),
            content,
        })
    }

    fn write_options(&self) -> WriteOptions {
        match self.unusual {
            true => WriteOptions {
                always_print: true,
                // There, one field's proto name is another's JSON name.
                proto_names: self.descriptor.name() != "Names",
                enum_numbers: true,
                pretty: true,
            },
            false => WriteOptions::default(),
        }
    }

    fn print(&self, wire: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = b"kept".to_vec();
        let options = self.write_options();
        match trestle::transcode::wire_to_json(&SCHEMA, self.id, wire, &options, &mut out) {
            Ok(()) => Ok(out.split_off(4)),
            Err(error) => {
                assert_eq!(out, b"kept", "the buffer is as before an error");
                assert_one_line(&error.to_string());
                Err(error.to_string())
            }
        }
    }

    fn parse(&self, json: &[u8], options: &ReadOptions) -> Result<Vec<u8>, String> {
        let mut out = b"kept".to_vec();
        match trestle::transcode::json_to_wire(&SCHEMA, self.id, json, options, &mut out) {
            Ok(()) => Ok(out.split_off(4)),
            Err(error) => {
                assert_eq!(out, b"kept", "the buffer is as before an error");
                assert!(error.offset().is_none_or(|offset| offset <= json.len()));
                assert_one_line(&error.to_string());
                Err(error.to_string())
            }
        }
    }
}

fn assert_one_line(message: &str) {
    assert!(!message.is_empty());
    assert!(!message.chars().any(char::is_control), "{message:?}");
}

/// Asserts that the bytes are JSON by another parser's judgement.
fn assert_json(json: &[u8]) {
    let parsed = serde_json::from_slice::<serde::de::IgnoredAny>(json);
    assert!(
        parsed.is_ok(),
        "{:?} in {}",
        parsed.err(),
        String::from_utf8_lossy(json)
    );
}
