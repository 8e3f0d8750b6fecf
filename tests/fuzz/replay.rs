//! Replays the corpus of each fuzz target, seeds and found inputs, as a test.

#[path = "check/mod.rs"]
mod check;

use std::fs;
use std::path::Path;

fn replay(target: &str, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/corpus")
        .join(target);
    let entries = fs::read_dir(&corpus).expect("the corpus is there");
    let mut count = 0;
    for entry in entries {
        let path = entry.expect("the corpus can be listed").path();
        let input = fs::read(&path).expect("an input can be read");
        // The name of the input, if the check panics.
        let shown = path.display().to_string();
        std::panic::catch_unwind(|| check(&input)).unwrap_or_else(|_| panic!("{shown}"));
        count += 1;
    }
    assert!(count >= 10, "only {count} inputs in {}", corpus.display());
}

#[test]
fn json_to_wire_holds_for_the_corpus() {
    replay("json_to_wire", check::json_to_wire);
}

#[test]
fn wire_to_json_holds_for_the_corpus() {
    replay("wire_to_json", check::wire_to_json);
}

#[test]
fn templates_hold_for_the_corpus() {
    replay("templates", check::templates);
}

#[test]
fn requests_hold_for_the_corpus() {
    replay("requests", check::requests);
}
