//! A pull scanner over one JSON text. It knows the grammar and where it is; which
//! tokens are wanted is left to its caller.

use super::find::find_special;
use super::guess::Guess;
use super::number::Number;
use super::string::{Text, hex4, utf8};
use crate::transcode::error::{ReadError, Reason, quote};

type Result<T = ()> = std::result::Result<T, ReadError>;

/// A position in a JSON text.
pub(in crate::transcode) struct Scanner<'a> {
    /// UTF-8 as a whole.
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    /// Starts at the beginning. The bytes must be UTF-8 as a whole.
    pub(in crate::transcode) fn new(json: &'a [u8]) -> Result<Scanner<'a>> {
        match json.is_ascii() || std::str::from_utf8(json).is_ok() {
            true => Ok(Scanner { bytes: json, at: 0 }),
            false => Err(not_utf8(json)),
        }
    }

    /// Where the scanner is.
    #[inline]
    pub(in crate::transcode) fn offset(&self) -> usize {
        self.at
    }

    /// Goes to a place where it has been before.
    pub(in crate::transcode) fn go_to(&mut self, offset: usize) {
        self.at = offset;
    }

    #[inline]
    fn byte(&self) -> u8 {
        // Zero stands for the end: as a byte of the input it is refused wherever
        // it may be met outside a string.
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// Skips white space and shows the next byte, zero at the end.
    #[inline]
    pub(in crate::transcode) fn peek(&mut self) -> u8 {
        match self.byte() {
            byte if byte > b' ' => byte,
            _ => self.peek_over_space(),
        }
    }

    fn peek_over_space(&mut self) -> u8 {
        while let b' ' | b'\n' | b'\r' | b'\t' = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    /// Takes `byte` if it is next.
    #[inline]
    pub(in crate::transcode) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    /// Takes a member's name with its colon, if they come next just like that.
    #[inline]
    pub(in crate::transcode) fn take_guess(&mut self, guess: &Guess) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let found = guess.is_start_of(rest);
        if found {
            self.at += guess.len();
        }
        found
    }

    /// The colon after a member's name.
    #[inline]
    pub(in crate::transcode) fn colon(&mut self) -> Result {
        match self.take(b':') {
            true => Ok(()),
            false => Err(self.unexpected("':' after the member's name")),
        }
    }

    /// After a member or element: whether another one follows, or `close` came.
    #[inline]
    pub(in crate::transcode) fn another(&mut self, close: u8) -> Result<bool> {
        match self.peek() {
            b',' => {
                self.at += 1;
                match self.peek() == close {
                    true => Err(self.syntax("a comma is followed by nothing")),
                    false => Ok(true),
                }
            }
            byte if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ if close == b'}' => Err(self.unexpected("',' or '}' after a member")),
            _ => Err(self.unexpected("',' or ']' after an element")),
        }
    }

    /// A member's name.
    #[inline]
    pub(in crate::transcode) fn name(&mut self) -> Result<Text<'a>> {
        match self.peek() {
            b'"' => self.string(),
            _ => Err(self.unexpected("a member's name in double quotes")),
        }
    }

    /// A string; its opening quote comes next.
    #[inline]
    pub(in crate::transcode) fn string(&mut self) -> Result<Text<'a>> {
        let start = self.at + 1;
        let end = find_special(self.bytes, start);
        if self.bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(Text {
                raw: &self.bytes[start..end],
                escaped: false,
            });
        }
        self.string_with_escapes(start, end)
    }

    #[inline(never)]
    fn string_with_escapes(&mut self, start: usize, mut at: usize) -> Result<Text<'a>> {
        let bytes = self.bytes;
        loop {
            match bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(Text {
                        raw: &self.bytes[start..at],
                        escaped: true,
                    });
                }
                Some(b'\\') => at = self.check_escape(at)?,
                Some(_) => {
                    let found = format!(
                        "control character U+{:04X} must be escaped in a string",
                        bytes[at]
                    );
                    return Err(ReadError::new(Reason::Syntax, found).at(at));
                }
                None => {
                    let what = "the JSON ends inside a string";
                    return Err(ReadError::new(Reason::Syntax, what).at(at));
                }
            }
            at = find_special(bytes, at);
        }
    }

    /// Checks the escape whose backslash is at `at`; gives its end.
    fn check_escape(&self, at: usize) -> Result<usize> {
        let bytes = self.bytes;
        let fail = |what: &str| Err(ReadError::new(Reason::Syntax, what).at(at));
        match bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
            Some(b'u') => match hex4(&bytes[at + 2..]) {
                None => fail("\\u must be followed by four hexadecimal digits"),
                Some(0xdc00..=0xdfff) => fail("a low surrogate without a high one before it"),
                Some(0xd800..=0xdbff) => match bytes.get(at + 6..at + 8) {
                    Some(b"\\u") if matches!(hex4(&bytes[at + 8..]), Some(0xdc00..=0xdfff)) => {
                        Ok(at + 12)
                    }
                    _ => fail("a high surrogate without a low one after it"),
                },
                Some(_) => Ok(at + 6),
            },
            None => fail("the JSON ends inside a string"),
            Some(_) => fail("a backslash must be followed by one of \" \\ / b f n r t u"),
        }
    }

    /// Takes an integer that has no sign and at most nine digits, as most have; one
    /// that is anything else is left for [`Self::number`].
    #[inline]
    pub(in crate::transcode) fn small_integer(&mut self) -> Option<u32> {
        let mut value = 0;
        for len in 0..10 {
            match self.bytes.get(self.at + len) {
                // A zero in front can only be all of it.
                Some(digit @ b'0'..=b'9') if len == 0 || (value != 0 && len < 9) => {
                    value = value * 10 + u32::from(digit - b'0');
                }
                Some(b'0'..=b'9' | b'.' | b'e' | b'E') => return None,
                _ if len == 0 => return None,
                _ => {
                    self.at += len;
                    return Some(value);
                }
            }
        }
        None
    }

    /// A number; a digit or a minus sign comes next.
    #[inline]
    pub(in crate::transcode) fn number(&mut self) -> Result<Number<'a>> {
        match Number::scan(self.bytes, self.at) {
            Ok((number, end)) => {
                self.at = end;
                Ok(number)
            }
            Err(at) => {
                self.at = at.min(self.bytes.len());
                Err(self.syntax(
                    "this is not a JSON number: digits are missing or there is a leading zero",
                ))
            }
        }
    }

    /// `true`, `false` or `null`, of which the first letter comes next.
    pub(in crate::transcode) fn literal(&mut self, word: &str) -> Result {
        let rest = &self.bytes[self.at..];
        let ends = rest
            .get(word.len())
            .is_none_or(|byte| !byte.is_ascii_alphanumeric());
        if rest.starts_with(word.as_bytes()) && ends {
            self.at += word.len();
            return Ok(());
        }
        Err(self.unexpected("a JSON value"))
    }

    /// The end of the text; only white space may come before it.
    pub(in crate::transcode) fn end(&mut self) -> Result {
        match self.peek() {
            0 if self.at == self.bytes.len() => Ok(()),
            _ => Err(self.unexpected("the end of the JSON after its value")),
        }
    }

    /// All that comes next, as text. The scanner stops between characters only.
    #[cold]
    fn rest(&self) -> &'a str {
        utf8(&self.bytes[self.at..])
    }

    /// Broken grammar at the present place.
    #[cold]
    pub(in crate::transcode) fn syntax(&self, what: &str) -> ReadError {
        ReadError::new(Reason::Syntax, what).at(self.at)
    }

    /// Broken grammar: something else was expected.
    #[cold]
    pub(in crate::transcode) fn unexpected(&self, expected: &str) -> ReadError {
        match self.rest().chars().next() {
            None if self.bytes.trim_ascii().is_empty() => self.syntax("the JSON is empty"),
            None => self.syntax(&format!("the JSON ends where {expected} is expected")),
            Some('\u{feff}') => self.syntax("JSON must not start with a byte order mark"),
            Some(found) => self.syntax(&format!(
                "expected {expected}, found {}",
                quote(&found.to_string())
            )),
        }
    }

    /// A few words about the value that comes next.
    #[cold]
    pub(in crate::transcode) fn describe(&mut self) -> String {
        let start = self.at;
        let words = match self.peek() {
            b'{' => "an object".to_owned(),
            b'[' => "an array".to_owned(),
            b'"' => match self.string() {
                Ok(text) => format!("the string {}", quote(&text.decoded())),
                Err(_) => "a broken string".to_owned(),
            },
            _ => {
                let rest = self.rest();
                let end = rest
                    .find([',', ']', '}', ' ', '\n', '\r', '\t', ':'])
                    .unwrap_or(rest.len());
                let word = &rest[..end];
                match word {
                    "" => "nothing".to_owned(),
                    "true" | "false" | "null" => word.to_owned(),
                    _ => quote(word).trim_matches('"').to_owned(),
                }
            }
        };
        self.at = start;
        words
    }

    /// Whether the bytes that come next are a JSON value's beginning at all.
    #[cold]
    pub(in crate::transcode) fn is_value(&mut self) -> bool {
        let rest = match self.peek() {
            b'{' | b'[' | b'"' => return true,
            b'-' | b'0'..=b'9' => return Number::scan(self.bytes, self.at).is_ok(),
            _ => self.rest(),
        };
        let word = rest.split(|c: char| !c.is_ascii_alphanumeric()).next();
        matches!(word, Some("true" | "false" | "null"))
    }
}

#[cold]
fn not_utf8(json: &[u8]) -> ReadError {
    let at = std::str::from_utf8(json).map_or_else(|error| error.valid_up_to(), str::len);
    let what = match json {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "JSON must be UTF-8; this looks like UTF-16",
        _ => "JSON must be UTF-8; this byte is not",
    };
    ReadError::new(Reason::Syntax, what).at(at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn string(json: &str) -> std::result::Result<String, (Option<usize>, String)> {
        let mut scanner = Scanner::new(json.as_bytes()).unwrap();
        match scanner.string() {
            Ok(text) => Ok(text.decoded().into_owned()),
            Err(error) => Err((error.offset(), error.description().to_owned())),
        }
    }

    #[test]
    fn strings_end_at_their_quote_and_undo_escapes() {
        assert_eq!(string(r#""abc" x"#), Ok("abc".into()));
        assert_eq!(string(r#""a\"b\u00e9""#), Ok("a\"bé".into()));
        assert_eq!(string(r#""\ud83d\ude00""#), Ok("😀".into()));
    }

    #[test]
    fn broken_strings_say_where() {
        for (json, at) in [
            (r#""abc"#, 4),
            ("\"a\nb\"", 2),
            (r#""\x41""#, 1),
            (r#""a\ud800""#, 2),
            (r#""\udc00""#, 1),
            (r#""\ude00\ud83d""#, 1),
            (r#""\ud800\u0041""#, 1),
            (r#""\U0041""#, 1),
            (r#""\u00g0""#, 1),
            ("\"\\", 1),
            ("\"\\u12", 1),
        ] {
            assert_eq!(string(json).unwrap_err().0, Some(at), "{json}");
        }
    }

    #[test]
    fn a_mark_or_another_encoding_is_named() {
        let error = Scanner::new(b"\xff\xfe{\0}\0").err().unwrap();
        assert!(error.to_string().contains("UTF-16"), "{error}");
        let mut scanner = Scanner::new("\u{feff}{}".as_bytes()).unwrap();
        scanner.peek();
        assert!(
            scanner
                .unexpected("x")
                .to_string()
                .contains("byte order mark")
        );
    }
}
