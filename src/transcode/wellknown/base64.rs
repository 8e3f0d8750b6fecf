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
    let url_safe = memchr::memchr2(b'-', b'_', digits.as_bytes()).is_some();
    let engine = if url_safe {
        URL_SAFE_NO_PAD
    } else {
        STANDARD_NO_PAD
    };
    let (quads, tail) = digits.as_bytes().split_at(digits.len() / 4 * 4);
    out.reserve(digits.len() / 4 * 3 + 2);
    engine.decode_append(quads, out).ok()?;
    decode_tail(tail, url_safe, out)
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
    Some(u32::from(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' if !url_safe => 62,
        b'/' if !url_safe => 63,
        b'-' if url_safe => 62,
        b'_' if url_safe => 63,
        _ => return None,
    }))
}

/// Appends `bytes` in the standard alphabet, padded.
pub(in crate::transcode) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    // `encode_append` reserves to the byte, which would make many small fields
    // in one buffer quadratic.
    out.reserve(bytes.len().div_ceil(3) * 4);
    STANDARD.encode_append(bytes, out);
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
