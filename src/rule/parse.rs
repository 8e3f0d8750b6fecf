//! Reads path templates. What they mean is left to `compile` and `route`.
//!
//! ```text
//! Template = "/" [ Segments [ ":" Verb ] ]        "/" alone has no segments
//! Segments = Segment { "/" Segment }              "**" only as the very last
//! Segment  = "*" | "**" | Literal | Variable
//! Variable = "{" Field [ "=" Segments ] "}"       no variable inside a variable
//! Field    = Ident { "." Ident }
//! Literal  = { pchar | "%" Hex Hex }              RFC 3986 pchar, but no "*"
//! Verb     = Literal without ":"
//! ```
//!
//! The verb begins at the last `:` of the last segment that is outside braces; a
//! colon anywhere else is text. A `*` within a longer literal is refused: it is far
//! more often meant as a glob than as a star, and `%2A` says star.

use super::template::{MAX_SEGMENTS, Segment, Template, Variable};
use std::fmt;

/// Why a text is not a path template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The byte in the text at which it goes wrong, from 0.
    pub column: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column + 1, self.message)
    }
}

impl std::error::Error for TemplateError {}

/// Whether a byte may stand in a literal as it is: RFC 3986 `pchar`, `%` aside.
pub(super) fn is_pchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

pub(super) fn template(text: &str) -> Result<Template, TemplateError> {
    let mut parser = Parser {
        text,
        at: 0,
        segments: Vec::new(),
        variables: Vec::new(),
    };
    if parser.take(b'/').is_none() {
        return parser.fail("a path template starts with `/`");
    }
    if parser.peek().is_some() {
        parser.segments_until_end()?;
    }
    let verb = parser.verb()?;
    Ok(Template {
        segments: parser.segments,
        variables: parser.variables,
        verb,
    })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    segments: Vec<Segment>,
    variables: Vec<Variable>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T, TemplateError> {
        fail_at(self.at, message)
    }

    /// The segments of the template itself; stops at the verb's colon or the end.
    fn segments_until_end(&mut self) -> Result<(), TemplateError> {
        loop {
            if self.take(b'{').is_some() {
                self.variable()?;
                match self.peek() {
                    None | Some(b'/' | b':') => {}
                    Some(_) => {
                        return self.fail("a variable fills whole segments: only `/`, `:verb` or the end may follow `}`");
                    }
                }
            } else {
                let rest = &self.text[self.at..];
                let segment = &rest[..rest.find(['/', '{', '}']).unwrap_or(rest.len())];
                let is_last = segment.len() == rest.len();
                let end = if is_last {
                    segment.rfind(':').unwrap_or(segment.len())
                } else {
                    segment.len()
                };
                self.segment(&segment[..end])?;
            }
            if self.take(b'/').is_none() {
                return match self.peek() {
                    None | Some(b':') => Ok(()),
                    Some(b'{') => {
                        self.fail("a variable fills whole segments: write a `/` before `{`")
                    }
                    Some(_) => self.fail("a `}` without its `{`"),
                };
            }
        }
    }

    /// After `{`: the field, the segments it spans, and `}`.
    fn variable(&mut self) -> Result<(), TemplateError> {
        let column = self.at;
        let field = self.field()?.to_owned();
        let start = self.segments.len();
        if self.take(b'=').is_some() {
            loop {
                let rest = &self.text[self.at..];
                let segment = &rest[..rest.find(['/', '{', '}']).unwrap_or(rest.len())];
                self.segment(segment)?;
                if self.take(b'/').is_none() {
                    break;
                }
            }
        } else {
            self.push(Segment::One, column)?;
        }
        match self.peek() {
            Some(b'}') => self.at += 1,
            Some(b'{') => return self.fail("variables may not nest"),
            Some(_) => {
                return self.fail("a variable reads `{field.path}` or `{field.path=segments}`");
            }
            None => return fail_at(column - 1, "this `{` has no `}`"),
        }
        let segments = start..self.segments.len();
        let multi = segments.len() > 1 || self.segments[start] == Segment::Rest;
        self.variables.push(Variable {
            field,
            segments,
            multi,
            column,
        });
        Ok(())
    }

    fn field(&mut self) -> Result<&'a str, TemplateError> {
        let start = self.at;
        loop {
            match self.peek() {
                Some(b) if b.is_ascii_alphabetic() || b == b'_' => self.at += 1,
                _ => return self.fail(
                    "a field name is expected: letters, digits and `_`, not starting with a digit",
                ),
            }
            while self
                .peek()
                .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
            {
                self.at += 1;
            }
            if self.take(b'.').is_none() {
                return Ok(&self.text[start..self.at]);
            }
        }
    }

    /// One segment that is no variable; `text` is what follows the cursor.
    fn segment(&mut self, text: &str) -> Result<(), TemplateError> {
        let column = self.at;
        let segment = match text {
            "" if self.text[column..].starts_with('{') => {
                return self.fail("variables may not nest");
            }
            "" if self.text.len() == column && self.text.ends_with('/') => {
                return self.fail("a template does not end with `/`");
            }
            "" => return self.fail("a segment is expected here"),
            "*" => Segment::One,
            "**" => Segment::Rest,
            literal => Segment::Literal(decode_literal(literal, column)?),
        };
        if matches!(&segment, Segment::Literal(text) if text == "." || text == "..") {
            return self
                .fail("`.` and `..` are refused in request paths, so this could never match");
        }
        self.push(segment, column)?;
        self.at += text.len();
        Ok(())
    }

    fn push(&mut self, segment: Segment, column: usize) -> Result<(), TemplateError> {
        if self.segments.last() == Some(&Segment::Rest) {
            return fail_at(
                column,
                "`**` takes the rest of the path: nothing but a verb may follow it",
            );
        }
        if self.segments.len() == MAX_SEGMENTS {
            return fail_at(
                column,
                format!("a template has at most {MAX_SEGMENTS} segments"),
            );
        }
        self.segments.push(segment);
        Ok(())
    }

    fn verb(&mut self) -> Result<Option<String>, TemplateError> {
        if self.take(b':').is_none() {
            return Ok(None);
        }
        let verb = &self.text[self.at..];
        if verb.is_empty() {
            return self.fail("a verb is expected after `:`");
        }
        if let Some(offset) = verb.find([':', '/', '{', '}']) {
            return fail_at(
                self.at + offset,
                "a verb ends the template and holds no `:`, `/` or braces",
            );
        }
        Ok(Some(decode_literal(verb, self.at)?))
    }
}

/// Checks and percent-decodes a literal that begins at `column`.
fn decode_literal(text: &str, column: usize) -> Result<String, TemplateError> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let hex = text
                .get(at + 1..at + 3)
                .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
            let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) else {
                return fail_at(
                    column + at,
                    "`%` must be followed by two hexadecimal digits",
                );
            };
            if byte.is_ascii_control() {
                return fail_at(
                    column + at,
                    "control characters are refused in request paths, so this could never match",
                );
            }
            decoded.push(byte);
            at += 3;
        } else if bytes[at] == b'*' {
            return fail_at(
                column + at,
                "`*` and `**` stand for whole segments; for a star as text write `%2A`",
            );
        } else if is_pchar(bytes[at]) {
            decoded.push(bytes[at]);
            at += 1;
        } else {
            let found = text[at..].chars().next().unwrap_or_default();
            return fail_at(
                column + at,
                format!(
                    "`{}` may not stand in a path; {}",
                    found.escape_debug(),
                    encoded(found)
                ),
            );
        }
    }
    String::from_utf8(decoded)
        .or_else(|_| fail_at(column, "the percent-encoded bytes are not UTF-8"))
}

fn encoded(found: char) -> String {
    if found.is_control() {
        return "remove it".to_owned();
    }
    let mut buffer = [0; 4];
    let bytes = found.encode_utf8(&mut buffer).bytes();
    format!(
        "write `{}`",
        bytes.map(|b| format!("%{b:02X}")).collect::<String>()
    )
}

fn fail_at<T>(column: usize, message: impl Into<String>) -> Result<T, TemplateError> {
    Err(TemplateError {
        column,
        message: message.into(),
    })
}
