//! The string forms of well-known types, both ways, as pure functions over text
//! and numbers. Where they stand in a message is left to others.

pub(super) mod base64;
pub(super) mod duration;
pub(super) mod field_mask;
pub(super) mod timestamp;

/// Appends `.5`, `.123`, `.000001` … : nothing, or 3, 6 or 9 digits, with zeros at
/// the end dropped by threes.
fn put_fraction(nanos: u32, out: &mut Vec<u8>) {
    if nanos == 0 {
        return;
    }
    let (value, width) = match nanos {
        _ if nanos.is_multiple_of(1_000_000) => (nanos / 1_000_000, 3),
        _ if nanos.is_multiple_of(1_000) => (nanos / 1_000, 6),
        _ => (nanos, 9),
    };
    out.push(b'.');
    put_padded(value, width, out);
}

/// Appends a number with zeros in front up to `width`, at most nine.
fn put_padded(mut value: u32, width: usize, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 9];
    for digit in digits[..width].iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&digits[..width]);
}

/// Nanoseconds from one to nine digits of a fraction.
fn fraction_to_nanos(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits
        .iter()
        .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    Some(value * 10u32.pow(9 - digits.len() as u32))
}
