//! Any bytes as wire: refused with an error, or printed as JSON that comes back.
#![no_main]

#[path = "../check.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| check::wire(input));
