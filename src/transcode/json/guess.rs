//! The name that a member is expected to have, made ready to be compared with the
//! input. Looking for other names is left to the schema.

use super::find::is_plain;

/// A member's name as it is expected to be written: in quotes, the colon right
/// behind it. Most are compared as one block.
#[derive(Debug)]
pub(in crate::transcode) struct Guess {
    /// Empty if the name would need escapes.
    text: Box<[u8]>,
    /// The beginning of the text, and ones wherever it has a byte.
    block: u128,
    mask: u128,
}

impl Guess {
    pub(in crate::transcode) fn new(name: &str) -> Guess {
        let text = match is_plain(name.as_bytes(), 0, name.len()) {
            true => format!("\"{name}\":").into_bytes(),
            false => Vec::new(),
        };
        let (mut block, mut mask) = ([0; 16], [0; 16]);
        for ((block, mask), byte) in block.iter_mut().zip(&mut mask).zip(&text) {
            (*block, *mask) = (*byte, 0xff);
        }
        Guess {
            text: text.into(),
            block: u128::from_le_bytes(block),
            mask: u128::from_le_bytes(mask),
        }
    }

    /// How long it is, with quotes and colon.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether a text begins with it; never if it is empty.
    #[inline]
    pub(super) fn is_start_of(&self, text: &[u8]) -> bool {
        match text.first_chunk() {
            Some(start) if (u128::from_le_bytes(*start) ^ self.block) & self.mask != 0 => false,
            Some(_) if self.text.len() <= 16 => !self.text.is_empty(),
            _ => !self.text.is_empty() && text.starts_with(&self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Guess;

    #[test]
    fn names_of_any_length_are_met_with_their_colon_only() {
        for len in 1..40 {
            let name = "n".repeat(len);
            let guess = Guess::new(&name);
            for rest in ["", "1", "\"abcdefghijklmnopqrstuvwxyz\""] {
                let text = format!("\"{name}\":{rest}");
                assert!(guess.is_start_of(text.as_bytes()), "{text}");
                assert_eq!(guess.len(), len + 3);
                for other in [
                    &text[1..],
                    &text[..len + 2],
                    &text.replacen("n\"", "m\"", 1),
                ] {
                    assert!(!guess.is_start_of(other.as_bytes()), "{other}");
                }
            }
        }
    }

    #[test]
    fn a_name_that_needs_escapes_is_never_met() {
        let guess = Guess::new("a\"b");
        assert!(!guess.is_start_of(b"") && !guess.is_start_of(b"\"a\\\"b\":0123456789abcdef"));
    }
}
