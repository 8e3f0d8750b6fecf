//! A path template as a value: segments, the variables over them, the verb. It
//! can only come from [`Template::parse`] (the grammar is drawn in `parse.rs`)
//! and prints itself in canonical form.

use super::parse::{self, TemplateError};
use std::{fmt, ops::Range, str::FromStr};

/// The most segments a template may have, and a request path that is to match.
pub const MAX_SEGMENTS: usize = 128;

/// A parsed path template such as `/v1/{name=shelves/*}:merge`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub(super) segments: Vec<Segment>,
    pub(super) variables: Vec<Variable>,
    pub(super) verb: Option<String>,
}

/// What one path segment must be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Exactly this text, already percent-decoded.
    Literal(String),
    /// `*`: any one segment that is not empty.
    One,
    /// `**`: all the segments that are left, or none; always the last.
    Rest,
}

/// A variable: a request field and the segments that make its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The dotted field path, as written.
    pub field: String,
    /// Which segments of the template it spans.
    pub segments: Range<usize>,
    /// Whether that is more than one segment, or `**`.
    pub multi: bool,
    /// Where the field path starts in the template's text, in bytes from 0.
    pub column: usize,
}

impl Template {
    /// Parses a template. An error says at which column.
    pub fn parse(text: &str) -> Result<Template, TemplateError> {
        parse::template(text)
    }

    /// The segments, in order; none for `/`.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The verb, percent-decoded, without its colon.
    pub fn verb(&self) -> Option<&str> {
        self.verb.as_deref()
    }

    /// The variables, in order.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    fn write_segments(&self, f: &mut fmt::Formatter<'_>, range: Range<usize>) -> fmt::Result {
        for at in range.clone() {
            if at > range.start {
                f.write_str("/")?;
            }
            match &self.segments[at] {
                Segment::Literal(text) => {
                    // A colon in the last segment would read as the start of a verb.
                    write_literal(f, text, at + 1 < self.segments.len())?;
                }
                Segment::One => f.write_str("*")?,
                Segment::Rest => f.write_str("**")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        Template::parse(text)
    }
}

/// Prints the canonical form: `{x=*}` as `{x}`, and percent-encoding only where
/// the grammar wants it. Parsing it again gives an equal template, but for columns.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut at = 0;
        let mut variables = self.variables.iter();
        if self.segments.is_empty() {
            f.write_str("/")?;
        }
        let mut next = variables.next();
        while at < self.segments.len() {
            f.write_str("/")?;
            match next {
                Some(variable) if variable.segments.start == at => {
                    write!(f, "{{{}", variable.field)?;
                    if self.segments[variable.segments.clone()] != [Segment::One] {
                        f.write_str("=")?;
                        self.write_segments(f, variable.segments.clone())?;
                    }
                    f.write_str("}")?;
                    at = variable.segments.end;
                    next = variables.next();
                }
                _ => {
                    self.write_segments(f, at..at + 1)?;
                    at += 1;
                }
            }
        }
        match &self.verb {
            Some(verb) => {
                f.write_str(":")?;
                write_literal(f, verb, false)
            }
            None => Ok(()),
        }
    }
}

fn write_literal(f: &mut fmt::Formatter<'_>, text: &str, colon_is_plain: bool) -> fmt::Result {
    for &byte in text.as_bytes() {
        // A lone star would read as a wildcard.
        let plain = match byte {
            b':' => colon_is_plain,
            b'*' => false,
            _ => parse::is_pchar(byte),
        };
        if plain {
            write!(f, "{}", byte as char)?;
        } else {
            write!(f, "%{byte:02X}")?;
        }
    }
    Ok(())
}
