//! Feeds libFuzzer's inputs to `check::json_to_wire`.
#![no_main]

#[path = "../check/mod.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| check::json_to_wire(input));
