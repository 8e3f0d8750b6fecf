//! `bytes` as base64: written in the standard alphabet with padding, read in the
//! standard or the URL-safe one, with or without.

use base64_simd::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Appends what `text` stands for; `None` if it is not base64.
///
/// Bits left over in the last character are ignored, as ProtoJSON parsers do.
pub(in crate::transcode) fn decode(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let digits = match text {
        [rest @ .., b'='] if text.len().is_multiple_of(4) => {
            rest.strip_suffix(b"=").unwrap_or(rest)
        }
        [.., b'='] => return None,
        _ => text,
    };
    if digits.len() <= SHORT {
        let start = out.len();
        if decode_short(digits, &STANDARD_VALUES, out).is_some() {
            return Some(());
        }
        // Not the standard alphabet; the other one, or none.
        out.truncate(start);
        return decode_short(digits, &URL_SAFE_VALUES, out);
    }
    let (quads, tail) = digits.split_at(digits.len() / 4 * 4);
    out.reserve(digits.len() / 4 * 3 + 2);
    if memchr::memchr2(b'-', b'_', digits).is_some() {
        URL_SAFE_NO_PAD.decode_append(quads, out).ok()?;
        decode_short(tail, &URL_SAFE_VALUES, out)
    } else {
        STANDARD_NO_PAD.decode_append(quads, out).ok()?;
        decode_short(tail, &STANDARD_VALUES, out)
    }
}

/// Up to this many digits the choice of a vector routine costs more than it saves.
const SHORT: usize = 64;

/// Stands for what is no digit: it makes every integer negative that it is put into.
const NONE: i8 = -1;

static STANDARD_VALUES: [i8; 256] = values(b'+', b'/');
static URL_SAFE_VALUES: [i8; 256] = values(b'-', b'_');

/// The value of each digit of an alphabet, by the digit.
const fn values(plus: u8, slash: u8) -> [i8; 256] {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 26 {
        values[(b'A' + value) as usize] = value as i8;
        values[(b'a' + value) as usize] = value as i8 + 26;
        if value < 10 {
            values[(b'0' + value) as usize] = value as i8 + 52;
        }
        value += 1;
    }
    values[plus as usize] = 62;
    values[slash as usize] = 63;
    values
}

/// Decodes at most [`SHORT`] digits, quads and what is left over.
#[inline]
fn decode_short(digits: &[u8], values: &[i8; 256], out: &mut Vec<u8>) -> Option<()> {
    let value = |digit: u8| i32::from(values[usize::from(digit)]);
    let (quads, tail) = digits.as_chunks::<4>();
    // Room is made as a block of a fixed size: that takes a few moves and no call.
    let start = out.len();
    out.extend_from_slice(&[0; SHORT / 4 * 3]);
    let mut places = out[start..].as_chunks_mut::<3>().0.iter_mut();
    let mut all = 0;
    for (&[a, b, c, d], place) in quads.iter().zip(&mut places) {
        let bits = value(a) << 18 | value(b) << 12 | value(c) << 6 | value(d);
        all |= bits;
        let [_, bytes @ ..] = bits.to_be_bytes();
        *place = bytes;
    }
    let (bits, len) = match *tail {
        [] => (0, 0),
        [a, b] => (value(a) << 18 | value(b) << 12, 1),
        [a, b, c] => (value(a) << 18 | value(b) << 12 | value(c) << 6, 2),
        _ => return None,
    };
    if let Some(place) = places.next() {
        let [_, bytes @ ..] = bits.to_be_bytes();
        *place = bytes;
    }
    out.truncate(start + quads.len() * 3 + len);
    (all | bits >= 0).then_some(())
}

/// Appends `bytes` in the standard alphabet, padded.
pub(in crate::transcode) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    // `encode_append` reserves to the byte, which would make many small fields
    // in one buffer quadratic.
    out.reserve(bytes.len().div_ceil(3) * 4);
    if bytes.len() <= SHORT / 4 * 3 {
        encode_short(bytes, out);
    } else {
        STANDARD.encode_append(bytes, out);
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[inline]
fn encode_short(bytes: &[u8], out: &mut Vec<u8>) {
    let digits = |bits: u32| [18, 12, 6, 0].map(|shift| DIGITS[(bits >> shift & 63) as usize]);
    let (triples, tail) = bytes.as_chunks::<3>();
    for &[a, b, c] in triples {
        out.extend_from_slice(&digits(u32::from_be_bytes([0, a, b, c])));
    }
    match *tail {
        [a] => {
            let [first, second, ..] = digits(u32::from_be_bytes([0, a, 0, 0]));
            out.extend_from_slice(&[first, second, b'=', b'=']);
        }
        [a, b] => {
            let [first, second, third, _] = digits(u32::from_be_bytes([0, a, b, 0]));
            out.extend_from_slice(&[first, second, third, b'=']);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        let mut out = b"x".to_vec();
        decode(text.as_bytes(), &mut out)?;
        Some(out.split_off(1))
    }

    #[test]
    fn both_alphabets_are_read_padded_or_not() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("AQ==", b"\x01"),
            ("AQ", b"\x01"),
            ("AQI=", b"\x01\x02"),
            ("AQI", b"\x01\x02"),
            ("+/A=", b"\xfb\xf0"),
            ("-_A", b"\xfb\xf0"),
            ("-_", b"\xfb"),
            ("AQIDBAUG", b"\x01\x02\x03\x04\x05\x06"),
        ] {
            assert_eq!(decoded(text).as_deref(), Some(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        for text in [
            "A", "AQI==", "AQ=", "A===", "====", "=", "+_AA", "-/AA", "A Q=", "AQ==\n", "AQ==AQ==",
            "é+", "AQIDA",
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }

    #[test]
    fn bytes_come_back() {
        for len in 0..100u8 {
            let bytes: Vec<u8> = (0..len).map(|i| i.wrapping_mul(37)).collect();
            let mut text = Vec::new();
            encode(&bytes, &mut text);
            assert_eq!(decoded(&String::from_utf8_lossy(&text)), Some(bytes));
        }
    }
}
