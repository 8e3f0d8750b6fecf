//! `bytes` as base64: written in the standard alphabet with padding, read in the
//! standard or the URL-safe one, with or without.

use base64_simd::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Appends what `text` stands for; `None` if it is not base64.
///
/// Bits left over in the last character are ignored, as ProtoJSON parsers do.
pub(in crate::transcode) fn decode(text: &str, out: &mut Vec<u8>) -> Option<()> {
    let digits = match text.strip_suffix('=') {
        Some(rest) if text.len().is_multiple_of(4) => rest.strip_suffix('=').unwrap_or(rest),
        Some(_) => return None,
        None => text,
    };
    let (quads, tail) = digits.as_bytes().split_at(digits.len() / 4 * 4);
    out.reserve(digits.len() / 4 * 3 + 2);
    if quads.len() <= SHORT {
        let start = out.len();
        if decode_short(quads, false, out).is_some() && decode_tail(tail, false, out).is_some() {
            return Some(());
        }
        // Not the standard alphabet; the other one, or none.
        out.truncate(start);
        decode_short(quads, true, out)?;
        return decode_tail(tail, true, out);
    }
    let url_safe = memchr::memchr2(b'-', b'_', digits.as_bytes()).is_some();
    if url_safe {
        URL_SAFE_NO_PAD.decode_append(quads, out).ok()?;
    } else {
        STANDARD_NO_PAD.decode_append(quads, out).ok()?;
    }
    decode_tail(tail, url_safe, out)
}

/// Up to this many digits the choice of a vector routine costs more than it saves.
const SHORT: usize = 64;

/// Stands for what is no digit; no value of a digit has its high bit.
const NONE: u8 = 0x80;

static STANDARD_VALUES: [u8; 256] = values(b'+', b'/');
static URL_SAFE_VALUES: [u8; 256] = values(b'-', b'_');

/// The value of each digit of an alphabet, by the digit.
const fn values(plus: u8, slash: u8) -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 26 {
        values[(b'A' + value) as usize] = value;
        values[(b'a' + value) as usize] = value + 26;
        if value < 10 {
            values[(b'0' + value) as usize] = value + 52;
        }
        value += 1;
    }
    values[plus as usize] = 62;
    values[slash as usize] = 63;
    values
}

#[inline]
fn decode_short(quads: &[u8], url_safe: bool, out: &mut Vec<u8>) -> Option<()> {
    let values = if url_safe {
        &URL_SAFE_VALUES
    } else {
        &STANDARD_VALUES
    };
    let mut fault = 0;
    for quad in quads.as_chunks::<4>().0 {
        let [a, b, c, d] = quad.map(|digit| values[usize::from(digit)]);
        fault |= a | b | c | d;
        let bits = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
        let [_, bytes @ ..] = bits.to_be_bytes();
        out.extend_from_slice(&bytes);
    }
    (fault & NONE == 0).then_some(())
}

fn decode_tail(tail: &[u8], url_safe: bool, out: &mut Vec<u8>) -> Option<()> {
    let bits = tail.iter().try_fold(0u32, |bits, &digit| {
        Some(bits << 6 | value(digit, url_safe)?)
    })?;
    match tail.len() {
        0 => {}
        2 => out.push((bits >> 4) as u8),
        3 => out.extend_from_slice(&[(bits >> 10) as u8, (bits >> 2) as u8]),
        _ => return None,
    }
    Some(())
}

fn value(digit: u8, url_safe: bool) -> Option<u32> {
    let values = if url_safe {
        &URL_SAFE_VALUES
    } else {
        &STANDARD_VALUES
    };
    let value = values[usize::from(digit)];
    (value != NONE).then_some(u32::from(value))
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
        decode(text, &mut out)?;
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
