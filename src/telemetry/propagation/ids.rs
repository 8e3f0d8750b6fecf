//! Trace and span ids that cannot be zero, and their hexadecimal spelling.

use super::random;
use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};

/// Which trace: 16 bytes, never all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(NonZeroU128);

/// Which span of a trace: 8 bytes, never all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(NonZeroU64);

/// Which spellings of hexadecimal digits a format allows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Lower,
    Either,
}

// === impl TraceId ===

impl TraceId {
    /// The id with these bytes, unless all are zero.
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        NonZeroU128::new(u128::from_be_bytes(bytes)).map(Self)
    }

    /// The bytes, most significant first.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.get().to_be_bytes()
    }

    /// A new id of 128 random bits.
    pub fn random() -> Self {
        loop {
            if let Some(id) = NonZeroU128::new(random::next_u128()) {
                return Self(id);
            }
        }
    }

    /// A new id that X-Ray accepts too: the seconds since the epoch, then 96
    /// random bits.
    pub fn random_at(seconds: u32) -> Self {
        loop {
            let low = random::next_u128() >> 32;
            if let Some(id) = NonZeroU128::new(u128::from(seconds) << 96 | low) {
                return Self(id);
            }
        }
    }

    /// Exactly 32 digits.
    pub(super) fn from_hex(text: &[u8], case: Case) -> Option<Self> {
        (text.len() == 32).then(|| Self::from_short_hex(text, case))?
    }

    /// 1 to 32 digits, the missing ones on the left being zero.
    pub(super) fn from_short_hex(text: &[u8], case: Case) -> Option<Self> {
        NonZeroU128::new(hex(text, 32, case)?).map(Self)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

// === impl SpanId ===

impl SpanId {
    /// The id with these bytes, unless all are zero.
    pub fn from_bytes(bytes: [u8; 8]) -> Option<Self> {
        Self::from_u64(u64::from_be_bytes(bytes))
    }

    /// The bytes, most significant first.
    pub fn to_bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
    }

    /// A new random id.
    pub fn random() -> Self {
        loop {
            if let Some(id) = Self::from_u64(random::next_u64()) {
                return id;
            }
        }
    }

    pub(super) fn from_u64(id: u64) -> Option<Self> {
        NonZeroU64::new(id).map(Self)
    }

    /// Exactly 16 digits.
    pub(super) fn from_hex(text: &[u8], case: Case) -> Option<Self> {
        (text.len() == 16).then(|| Self::from_short_hex(text, case))?
    }

    /// 1 to 16 digits, the missing ones on the left being zero.
    pub(super) fn from_short_hex(text: &[u8], case: Case) -> Option<Self> {
        let id = u64::try_from(hex(text, 16, case)?).expect("16 digits are 64 bits");
        Self::from_u64(id)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanId({self})")
    }
}

// === hexadecimal ===

/// The number that 1 to `most` (≤ 32) digits spell. Nothing but digits: the
/// standard library's parsers take a sign.
pub(super) fn hex(text: &[u8], most: usize, case: Case) -> Option<u128> {
    if text.is_empty() || text.len() > most {
        return None;
    }
    text.iter().try_fold(0, |number: u128, &digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            b'A'..=b'F' if case == Case::Either => digit - b'A' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(value))
    })
}

/// Appends `bytes` in lower-case digits.
pub(super) fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// `text` without the optional white space that HTTP allows around a value.
pub(super) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_not_an_id() {
        assert_eq!(TraceId::from_bytes([0; 16]), None);
        assert_eq!(SpanId::from_bytes([0; 8]), None);
        assert_eq!(TraceId::from_hex(&[b'0'; 32], Case::Lower), None);
        assert_eq!(SpanId::from_short_hex(b"0", Case::Lower), None);
    }

    #[test]
    fn hex_takes_digits_only() {
        assert_eq!(hex(b"00ff", 4, Case::Lower), Some(255));
        assert_eq!(hex(b"FF", 4, Case::Either), Some(255));
        assert_eq!(hex(&[b'f'; 32], 32, Case::Lower), Some(u128::MAX));
        for bad in [
            &b""[..],
            b"+1",
            b"-1",
            b" 1",
            b"1g",
            b"0x1",
            b"FF",
            b"00000",
            b"\xff",
        ] {
            assert_eq!(hex(bad, 4, Case::Lower), None, "{bad:?}");
        }
    }

    #[test]
    fn timed_ids_begin_with_the_time() {
        let id = TraceId::random_at(0x5759_e988);
        assert!(id.to_string().starts_with("5759e988"), "{id}");
        assert_ne!(id, TraceId::random_at(0x5759_e988));
    }

    #[test]
    fn trimming_takes_blanks_of_both_ends() {
        assert_eq!(trim(b" \t a b\t "), b"a b");
        assert_eq!(trim(b" \t "), b"");
    }
}
