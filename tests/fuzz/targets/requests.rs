//! Feeds libFuzzer's inputs to `check::requests`.
#![no_main]

#[path = "../check/mod.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| check::requests(input));
