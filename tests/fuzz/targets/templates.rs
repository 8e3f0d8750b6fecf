//! Feeds libFuzzer's inputs to `check::templates`.
#![no_main]

#[path = "../check/mod.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| check::templates(input));
