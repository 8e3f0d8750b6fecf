//! JSON string content: finding its end fast, undoing escapes, making them.

use std::borrow::Cow;

/// The content of a JSON string, between its quotes, already checked.
#[derive(Clone, Copy, Debug)]
pub(in crate::transcode) struct Text<'a> {
    pub(in crate::transcode) raw: &'a str,
    pub(in crate::transcode) escaped: bool,
}

impl<'a> Text<'a> {
    /// Text that stands for itself.
    pub(in crate::transcode) fn plain(raw: &'a str) -> Text<'a> {
        Text {
            raw,
            escaped: false,
        }
    }

    /// What the string says; allocates only if it has escapes.
    pub(in crate::transcode) fn decoded(self) -> Cow<'a, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut out = Vec::with_capacity(self.raw.len());
        self.decode_into(&mut out);
        // The scanner has checked every escape, so this is UTF-8.
        Cow::Owned(String::from_utf8(out).unwrap_or_default())
    }

    /// Appends what the string says.
    pub(in crate::transcode) fn decode_into(self, out: &mut Vec<u8>) {
        let mut rest = self.raw;
        while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
            out.extend_from_slice(&rest.as_bytes()[..at]);
            rest = decode_escape(&rest[at + 1..], out);
        }
        out.extend_from_slice(rest.as_bytes());
    }
}

/// Decodes one escape after its backslash and gives what follows it.
fn decode_escape<'a>(escape: &'a str, out: &mut Vec<u8>) -> &'a str {
    let plain = match escape.as_bytes().first() {
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'r') => b'\r',
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(b'u') => return decode_unicode(&escape[1..], out),
        Some(&byte) => byte,
        None => return escape,
    };
    out.push(plain);
    &escape[1..]
}

fn decode_unicode<'a>(digits: &'a str, out: &mut Vec<u8>) -> &'a str {
    let high = hex4(digits.as_bytes()).unwrap_or_default();
    let (code, used) = match (high, digits.as_bytes().get(4..6)) {
        (0xd800..=0xdbff, Some(b"\\u")) => {
            let low = hex4(&digits.as_bytes()[6..]).unwrap_or_default();
            (0x10000 + ((high & 0x3ff) << 10 | low & 0x3ff), 10)
        }
        _ => (high, 4),
    };
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    digits.get(used..).unwrap_or_default()
}

/// Four hexadecimal digits at the start of `bytes`.
pub(super) fn hex4(bytes: &[u8]) -> Option<u32> {
    let digits: &[u8; 4] = bytes.first_chunk()?;
    digits.iter().try_fold(0, |value, &digit| {
        Some(value << 4 | char::from(digit).to_digit(16)?)
    })
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// High bits set at (or, after the first hit, possibly above) bytes that are a
/// quote, a backslash or a control character.
#[inline]
fn special(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let below = |bytes: u64, limit: u64| bytes.wrapping_sub(ONES * limit) & !bytes;
    (below(quote, 1) | below(backslash, 1) | below(word, 0x20)) & HIGH
}

/// The first quote, backslash or control character at or after `from`.
#[inline]
pub(super) fn find_special(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let hits = special(u64::from_le_bytes(*chunk));
        if hits != 0 {
            return at + hits.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest
        .iter()
        .position(|&byte| is_special(byte))
        .unwrap_or(rest.len())
}

#[inline]
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Appends `text` with the escapes that RFC 8259 requires and no others.
pub(in crate::transcode) fn escape_into(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut start = 0;
    loop {
        let at = find_special(bytes, start);
        out.extend_from_slice(&bytes[start..at]);
        let Some(&byte) = bytes.get(at) else {
            return;
        };
        escape_byte(byte, out);
        start = at + 1;
    }
}

/// Appends bytes as JSON string content; `false` if they are not UTF-8.
pub(in crate::transcode) fn escape_checked(bytes: &[u8], out: &mut Vec<u8>) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            escape_into(text, out);
            true
        }
        Err(_) => false,
    }
}

/// Whether bytes are ASCII of which nothing must be escaped.
#[inline(always)]
pub(in crate::transcode) fn is_plain(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some((chunk, tail)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*chunk);
        if (special(word) | word) & HIGH != 0 {
            return false;
        }
        rest = tail;
    }
    !rest.iter().any(|&byte| is_special(byte) || byte >= 0x80)
}

fn escape_byte(byte: u8, out: &mut Vec<u8>) {
    const HEX: [u8; 16] = *b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        8 => b'b',
        12 => b'f',
        _ => {
            let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&digits);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for special in [b'"', b'\\', 0, 0x1f] {
            for len in 0..40 {
                for at in 0..len {
                    let mut bytes = vec![0xc3u8; len];
                    bytes[at] = special;
                    if at + 3 < len {
                        bytes[at + 3] = b'"';
                    }
                    assert_eq!(find_special(&bytes, 0), at);
                }
            }
        }
        assert_eq!(find_special(b"abc", 0), 3);
        assert_eq!(find_special(b"a\"bcdefghijk\"", 2), 12);
    }

    #[test]
    fn only_what_must_be_escaped_is() {
        let mut out = Vec::new();
        escape_into("a\"\\/\u{0}\u{1f}\n\u{7f}<é\u{2028}", &mut out);
        assert_eq!(
            String::from_utf8_lossy(&out),
            "a\\\"\\\\/\\u0000\\u001f\\n\u{7f}<é\u{2028}"
        );
    }

    #[test]
    fn escapes_are_undone() {
        let text = Text {
            raw: r#"a\"\\\/\b\f\n\r\té\u0000\uD83D\uDE00z"#,
            escaped: true,
        };
        assert_eq!(text.decoded(), "a\"\\/\u{8}\u{c}\n\r\té\0😀z");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused() {
        assert!(!escape_checked(b"abc\xff", &mut Vec::new()));
        let mut out = Vec::new();
        assert!(escape_checked("é".as_bytes(), &mut out));
        assert_eq!(out, "é".as_bytes());
    }

    #[test]
    fn plain_bytes_are_told_from_others_at_every_place() {
        for other in [b'"', b'\\', 0, 0x1f, 0x80, 0xff] {
            for len in 1..40 {
                for at in 0..len {
                    let mut bytes = vec![b'x'; len];
                    assert!(is_plain(&bytes));
                    bytes[at] = other;
                    assert!(!is_plain(&bytes));
                }
            }
        }
        assert!(is_plain(b"") && is_plain(b" ~\x7f"));
    }
}
