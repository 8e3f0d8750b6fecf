//! Finding the bytes that end a run of string content, a word at a time.

const WORD: usize = 8;
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The first quote, backslash or control character at or after `from`.
#[inline]
pub(super) fn find_special(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let hits = special(u64::from_le_bytes(*chunk));
        if hits != 0 {
            return at + place(hits);
        }
        at += WORD;
    }
    match last_word(bytes, at) {
        // The zeros behind the end are hits.
        Some(word) => at + place(special(word)),
        None => (at..bytes.len())
            .find(|&at| is_special(bytes[at]))
            .unwrap_or(bytes.len()),
    }
}

/// Whether `bytes[from..end]` is ASCII of which nothing must be escaped.
#[inline(always)]
pub(in crate::transcode) fn is_plain(bytes: &[u8], from: usize, end: usize) -> bool {
    let mut at = from;
    while end - at >= WORD {
        match bytes[at..].first_chunk() {
            Some(chunk) if not_plain(u64::from_le_bytes(*chunk)) == 0 => at += WORD,
            _ => return false,
        }
    }
    let word = match bytes[at..].first_chunk() {
        _ if at == end => return true,
        Some(chunk) => Some(u64::from_le_bytes(*chunk)),
        None => last_word(bytes, at),
    };
    match word {
        // Of a word that goes on behind the end, the beginning counts.
        Some(word) => not_plain(word) << ((WORD - (end - at)) * 8) == 0,
        None => !bytes[at..end]
            .iter()
            .any(|&byte| is_special(byte) || byte >= 0x80),
    }
}

/// The less than eight bytes from `at` to the end, then zeros. `None` if there are
/// none, or not eight in all.
#[inline]
fn last_word(bytes: &[u8], at: usize) -> Option<u64> {
    let word = u64::from_le_bytes(*bytes.last_chunk()?);
    match bytes.len().checked_sub(at)? {
        0 => None,
        left => Some(word >> ((WORD - left) * 8)),
    }
}

/// High bits set at (or, after the first hit, possibly above) bytes that are a
/// quote, a backslash or a control character.
#[inline]
fn special(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let below = |bytes: u64, limit: u64| bytes.wrapping_sub(ONES * limit) & !bytes;
    (below(quote, 1) | below(backslash, 1) | below(word, 0x20)) & HIGH
}

/// The same, and set at bytes that are not ASCII.
#[inline]
fn not_plain(word: u64) -> u64 {
    (special(word) | word) & HIGH
}

#[inline]
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Which byte of a word the first hit is.
#[inline]
fn place(hits: u64) -> usize {
    hits.trailing_zeros() as usize / 8
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
                    assert_eq!(find_special(&bytes, at), len);
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
    fn plain_bytes_are_told_from_others_at_every_place() {
        for other in [b'"', b'\\', 0, 0x1f, 0x80, 0xff] {
            for len in 1..40 {
                for at in 0..len {
                    let mut bytes = vec![b'x'; len];
                    assert!(is_plain(&bytes, 0, len));
                    bytes[at] = other;
                    assert!(!is_plain(&bytes, 0, len));
                    assert!(is_plain(&bytes, 0, at) && is_plain(&bytes, at + 1, len));
                }
            }
        }
        assert!(is_plain(b"", 0, 0) && is_plain(b" ~\x7f", 0, 3));
    }
}
