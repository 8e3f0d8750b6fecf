//! Any text read as JSON: refused whole, or JSON that becomes a legal message,
//! which prints and reads back as itself.

use super::{Subject, assert_json};
use prost_reflect::DynamicMessage;
use trestle::transcode::ReadOptions;

/// How much longer than its JSON a message can be. The worst is a list of one-digit
/// numbers in a `google.protobuf.Value`: thirteen bytes for two.
const GROWTH: usize = 16;

/// A letter for the message, then JSON; in upper case unknown fields are ignored.
pub(crate) fn json_to_wire(input: &[u8]) {
    let Some(subject) = Subject::read(input) else {
        return;
    };
    let options = ReadOptions {
        ignore_unknown: subject.unusual,
        ..ReadOptions::default()
    };
    let Ok(wire) = subject.parse(subject.content, &options) else {
        return;
    };
    assert_json(subject.content);
    assert!(wire.len() <= GROWTH * subject.content.len() + 64);
    if let Err(error) = DynamicMessage::decode(subject.descriptor.clone(), wire.as_slice()) {
        panic!("{error} in {wire:?}");
    }
    let printed = subject.print(&wire).expect("what was read can be printed");
    assert_json(&printed);
    // Printed with defaults and pretty, it may have more nodes than it was read from.
    let options = ReadOptions {
        max_nodes: usize::MAX,
        ..options
    };
    let again = subject
        .parse(&printed, &options)
        .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(&printed)));
    // With every field printed, members that were unset are there as defaults.
    assert!(again == wire || subject.unusual);
    let printed_again = subject.print(&again).expect("what was read can be printed");
    assert_eq!(
        String::from_utf8_lossy(&printed_again),
        String::from_utf8_lossy(&printed)
    );
}
