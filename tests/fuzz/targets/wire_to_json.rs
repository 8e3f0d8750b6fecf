//! Feeds libFuzzer's inputs to `check::wire_to_json`.
#![no_main]

#[path = "../check/mod.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| check::wire_to_json(input));
