//! Patterns with `*` for any text and `?` for any one character, as X-Ray has them.

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// A pattern; every text is one.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// Whether the whole of a text fits.
    pub fn fits(&self, text: &str) -> bool {
        fits(self.0.as_bytes(), text.as_bytes(), |a, b| a == b)
    }

    /// The same, upper and lower case being equal.
    pub fn fits_any_case(&self, text: &str) -> bool {
        fits(self.0.as_bytes(), text.as_bytes(), |a, b| {
            a.eq_ignore_ascii_case(&b)
        })
    }
}

/// On a mismatch the last star takes one byte more; earlier stars never need to.
fn fits(pattern: &[u8], text: &[u8], same: impl Fn(u8, u8) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&wanted) if wanted == b'?' || same(wanted, text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, slow and plain.
    fn slow(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => (0..=text.len()).any(|skip| slow(rest, &text[skip..])),
            ([b'?', rest @ ..], [_, after @ ..]) => slow(rest, after),
            ([p, rest @ ..], [t, after @ ..]) => p == t && slow(rest, after),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn it_is_what_it_is_defined_as(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            let expected = slow(pattern.as_bytes(), text.as_bytes());
            prop_assert_eq!(Glob::new(pattern).fits(&text), expected);
        }
    }

    #[test]
    fn hosts_have_no_case() {
        assert!(Glob::new("*.Example.com").fits_any_case("api.example.COM"));
        assert!(!Glob::new("*.example.com").fits_any_case("example.com"));
        assert!(!Glob::new("A").fits("a"));
    }

    #[test]
    fn many_stars_do_not_take_forever() {
        let pattern = Glob::new("a*".repeat(50) + "b");
        assert!(!pattern.fits(&"a".repeat(10_000)));
    }
}
