//! JSON string content: undoing escapes and making them. Where a string ends is
//! left to `find`.

use super::find::find_special;
use std::borrow::Cow;

/// The content of a JSON string, between its quotes, already checked.
#[derive(Clone, Copy, Debug)]
pub(in crate::transcode) struct Text<'a> {
    /// A part of a text that is UTF-8 as a whole, cut at ASCII characters.
    pub(in crate::transcode) raw: &'a [u8],
    pub(in crate::transcode) escaped: bool,
}

impl<'a> Text<'a> {
    /// Text that stands for itself.
    pub(in crate::transcode) fn plain(raw: &'a str) -> Text<'a> {
        Text {
            raw: raw.as_bytes(),
            escaped: false,
        }
    }

    /// What the string says; allocates only if it has escapes.
    pub(in crate::transcode) fn decoded(self) -> Cow<'a, str> {
        match self.content() {
            Cow::Borrowed(raw) => Cow::Borrowed(utf8(raw)),
            // Every escape stands for whole characters, so this is UTF-8.
            Cow::Owned(decoded) => Cow::Owned(String::from_utf8(decoded).unwrap_or_default()),
        }
    }

    /// What the string says, as UTF-8 that is not checked again.
    #[inline]
    pub(in crate::transcode) fn content(self) -> Cow<'a, [u8]> {
        match self.escaped {
            false => Cow::Borrowed(self.raw),
            true => self.unescaped(),
        }
    }

    fn unescaped(self) -> Cow<'a, [u8]> {
        let mut out = Vec::with_capacity(self.raw.len());
        self.decode_into(&mut out);
        Cow::Owned(out)
    }

    /// Appends what the string says.
    pub(in crate::transcode) fn decode_into(self, out: &mut Vec<u8>) {
        let mut rest = self.raw;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            out.extend_from_slice(&rest[..at]);
            rest = decode_escape(&rest[at + 1..], out);
        }
        out.extend_from_slice(rest);
    }
}

/// A part of the JSON as text. The scanner has found the whole to be UTF-8 and
/// cuts it at ASCII characters only.
pub(super) fn utf8(part: &[u8]) -> &str {
    std::str::from_utf8(part).unwrap_or_default()
}

/// Decodes one escape after its backslash and gives what follows it.
fn decode_escape<'a>(escape: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let plain = match escape.first() {
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

fn decode_unicode<'a>(digits: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let high = hex4(digits).unwrap_or_default();
    let (code, used) = match (high, digits.get(4..6)) {
        (0xd800..=0xdbff, Some(b"\\u")) => {
            let low = hex4(&digits[6..]).unwrap_or_default();
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
            raw: r#"a\"\\\/\b\f\n\r\té\u0000\uD83D\uDE00z"#.as_bytes(),
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
}
