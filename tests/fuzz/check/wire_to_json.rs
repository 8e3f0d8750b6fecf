//! Any bytes printed as a message: refused whole, or JSON that reads back as a
//! message, by another decoder's judgement too, which prints as itself.

use super::{Subject, assert_json};
use prost_reflect::DynamicMessage;
use trestle::transcode::ReadOptions;

/// A letter for the message, then wire bytes; in upper case printed another way.
pub(crate) fn wire_to_json(input: &[u8]) {
    let Some(subject) = Subject::read(input) else {
        return;
    };
    let Ok(printed) = subject.print(subject.content) else {
        return;
    };
    assert_json(&printed);
    // Answers of a backend may be larger and deeper than requests.
    let options = ReadOptions {
        max_depth: ReadOptions::DEEPEST,
        max_nodes: usize::MAX,
        ..ReadOptions::default()
    };
    let wire = subject
        .parse(&printed, &options)
        .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(&printed)));
    // Of what was printed, since values that later ones replace are not looked at.
    if let Err(error) = DynamicMessage::decode(subject.descriptor.clone(), wire.as_slice()) {
        panic!("{error} in {wire:?}");
    }
    let again = subject.print(&wire).expect("what was read can be printed");
    assert_eq!(
        String::from_utf8_lossy(&again),
        String::from_utf8_lossy(&printed)
    );
}
