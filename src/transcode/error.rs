//! What can go wrong, each with its place and one line that a human can act on.
//! Turning an error into a response is left to others.

use std::fmt;

/// Text of the client is cut to this many characters in a message.
const QUOTE_LIMIT: usize = 64;

/// Why JSON or text could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// Not JSON at all (RFC 8259), or not UTF-8.
    Syntax,
    /// Nested deeper than allowed.
    TooDeep,
    /// More values than allowed.
    TooManyNodes,
    /// No field has this name.
    UnknownField,
    /// No enum value has this name, or the enum is closed to this number.
    UnknownEnumValue,
    /// `@type` is missing, malformed or names no known message.
    UnknownType,
    /// The field, map key or oneof was given before.
    Duplicate,
    /// Another type of value is expected here.
    WrongType,
    /// The type is right and its text is not: a timestamp, base64, a field mask.
    Malformed,
    /// The number does not fit.
    OutOfRange,
    /// A required field is missing.
    Required,
    /// The message is larger than 4 GiB or its wire bytes are broken.
    Wire,
}

/// JSON or text that could not be read as a message.
///
/// `Display` is one line: path, description and place.
#[derive(Clone, PartialEq, Eq)]
pub struct ReadError(Box<Read>);

#[derive(Clone, PartialEq, Eq)]
struct Read {
    reason: Reason,
    description: String,
    path: String,
    offset: Option<usize>,
    line_column: Option<(usize, usize)>,
}

/// Wire bytes that could not be written as JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct WriteError(Box<Write>);

#[derive(Clone, PartialEq, Eq)]
struct Write {
    description: String,
    path: String,
}

/// A dotted path that names no field.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{description}")]
pub struct PathError {
    /// The element of the path that is wrong, counting from zero.
    pub element: usize,
    /// What is wrong with it.
    pub description: String,
}

// === impl ReadError ===

impl ReadError {
    #[cold]
    pub(super) fn new(reason: Reason, description: impl Into<String>) -> ReadError {
        ReadError(Box::new(Read {
            reason,
            description: description.into(),
            path: String::new(),
            offset: None,
            line_column: None,
        }))
    }

    /// Gives the place, unless a more exact one is known.
    pub(super) fn at(mut self, offset: usize) -> ReadError {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// Puts a step in front of the path.
    pub(super) fn under(mut self, step: Step<'_>) -> ReadError {
        step.prepend(&mut self.0.path);
        self
    }

    /// Works line and column out from the input.
    pub(super) fn locate(mut self, json: &[u8]) -> ReadError {
        if let Some(offset) = self.0.offset {
            let before = &json[..offset.min(json.len())];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let start = before
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1);
            let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
            self.0.line_column = Some((line, column));
        }
        self
    }

    /// Forgets the place: the text stood somewhere else than the client sees it.
    pub(super) fn without_place(mut self) -> ReadError {
        self.0.offset = None;
        self.0.line_column = None;
        self
    }

    /// Where in the message: `items[3].price`, empty at the root.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Which byte of the JSON, if the fault is at one.
    pub fn offset(&self) -> Option<usize> {
        self.0.offset
    }

    /// Line and column of the JSON, both from one, the column in characters.
    pub fn line_column(&self) -> Option<(usize, usize)> {
        self.0.line_column
    }

    /// What kind of fault it is.
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// What is wrong, without path and place.
    pub fn description(&self) -> &str {
        &self.0.description
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "{}: ", self.0.path)?;
        }
        f.write_str(&self.0.description)?;
        match self.0.line_column {
            Some((line, column)) => write!(f, " (line {line}, column {column})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReadError({:?}: {self})", self.0.reason)
    }
}

impl std::error::Error for ReadError {}

// === impl WriteError ===

impl WriteError {
    #[cold]
    pub(super) fn new(description: impl Into<String>) -> WriteError {
        WriteError(Box::new(Write {
            description: description.into(),
            path: String::new(),
        }))
    }

    pub(super) fn under(mut self, step: Step<'_>) -> WriteError {
        step.prepend(&mut self.0.path);
        self
    }

    /// Where in the message: `items[3].price`, empty at the root.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What is wrong, without the path.
    pub fn description(&self) -> &str {
        &self.0.description
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "{}: ", self.0.path)?;
        }
        f.write_str(&self.0.description)
    }
}

impl fmt::Debug for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteError({self})")
    }
}

impl std::error::Error for WriteError {}

/// One step of a path.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Field(&'a str),
    Index(usize),
    Key(&'a str),
}

impl Step<'_> {
    fn prepend(self, path: &mut String) {
        let step = match self {
            Step::Field(name) => name.to_owned(),
            Step::Index(at) => format!("[{at}]"),
            Step::Key(key) => format!("[{}]", quote(key)),
        };
        if !path.is_empty() && !path.starts_with('[') {
            path.insert(0, '.');
        }
        path.insert_str(0, &step);
    }
}

/// Text of the client for a message: quoted, escaped and cut.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for (count, character) in text.chars().enumerate() {
        if count == QUOTE_LIMIT {
            quoted.push('…');
            break;
        }
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => quoted.extend(character.escape_default()),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_like_expressions() {
        let error = ReadError::new(Reason::WrongType, "no")
            .under(Step::Field("price"))
            .under(Step::Index(3))
            .under(Step::Field("items"))
            .under(Step::Key("a\"b"))
            .under(Step::Field("by_name"));
        assert_eq!(error.path(), r#"by_name["a\"b"].items[3].price"#);
    }

    #[test]
    fn the_place_is_given_in_lines_and_characters() {
        let error = ReadError::new(Reason::Syntax, "no")
            .at(8)
            .locate("{\n \"é\" x".as_bytes());
        assert_eq!(error.line_column(), Some((2, 6)));
        assert_eq!(error.to_string(), "no (line 2, column 6)");
    }

    #[test]
    fn quoted_text_is_cut_and_escaped() {
        assert_eq!(quote("a\n\u{0}"), r#""a\n\u{0}""#);
        assert_eq!(quote(&"x".repeat(1000)).chars().count(), 64 + 3);
    }
}
