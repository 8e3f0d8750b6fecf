//! YAML as a tree without types in which every node knows its place, so that a
//! reader can tell all faults of a file at once, each where it stands. What the
//! keys mean is left to those who read them: `rule` and `config`.

mod tree;

use serde_saphyr::Location;
use std::{
    fmt, fs,
    io::{self, Read as _},
    path::Path,
};

/// The largest file that [`read`] takes, in bytes.
pub const MAX_FILE: u64 = 4 << 20;

/// A place in a text: line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// A value and where it begins.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub enum Value {
    /// Nothing, as after `key:` with nothing behind it.
    Null,
    /// The text of a scalar; whether it is a number is the reader's to say.
    Scalar(String),
    /// `[a, b]`, or lines that begin with `-`.
    List(Vec<Node>),
    /// `{key: value}`, or lines of `key: value`; no key twice.
    Map(Vec<Member>),
}

/// One key of a map and its value.
#[derive(Debug, Clone)]
pub struct Member {
    /// The key.
    pub key: String,
    /// Where the key begins.
    pub place: Place,
    /// What it is set to.
    pub node: Node,
}

/// Why a text is not YAML.
#[derive(Debug, Clone)]
pub struct Error {
    /// Where it goes wrong, if that is known.
    pub place: Option<Place>,
    /// What is wrong, with what to do about it where a slip is common.
    pub message: String,
}

/// The tree of a text; `None` when it holds nothing but comments.
pub fn parse(text: &str) -> Result<Option<Node>, Error> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options::<Option<serde_saphyr::Spanned<Value>>>(text, options)
        .map(|root| root.map(Node::from))
        .map_err(|error| Error {
            place: error.location().map(Place::from),
            message: reason(&error),
        })
}

/// The text of a file no larger than [`MAX_FILE`].
pub fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    // Read past the limit rather than trusting the size that the file system
    // tells, which for a pipe is none.
    let file = fs::File::open(path)?;
    if file.take(MAX_FILE + 1).read_to_string(&mut text)? as u64 > MAX_FILE {
        let limit = MAX_FILE >> 20;
        return Err(io::Error::other(format!("it is larger than {limit} MiB")));
    }
    Ok(text)
}

/// An error's text without its place, which is told in our own form.
fn reason(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let text = match (text.rfind(" at line "), error.location()) {
        (Some(end), Some(_)) => &text[..end],
        _ => &text,
    };
    // `body: *` is what everybody writes first.
    let help = match text.contains("anchor or alias") {
        true => "; write a text that begins with `*` or `&` in quotes",
        false => "",
    };
    format!("not valid YAML: {text}{help}")
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            line: number(location.line()),
            column: number(location.column()),
        }
    }
}

/// `line:column`.
impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.line, self.column)
    }
}
