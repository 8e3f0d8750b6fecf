//! Any bytes as JSON: refused with an error, or read as a message that comes back.
#![no_main]

#[path = "../check.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| check::json(input));
