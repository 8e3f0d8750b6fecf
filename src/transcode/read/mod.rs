//! JSON and text → wire bytes, in one pass and with no tree between. The limits
//! on depth and size are kept here; printing is left to `write`.

mod ahead;
mod any;
mod map;
mod mask;
mod message;
mod required;
mod scalar;
mod skip;
mod special;
mod text;

pub use mask::{UpdateMask, has_update_mask, write_update_mask};
pub use required::check_required;
pub use text::{text_to_field, text_to_map_entry};

use self::ahead::Ahead;
use super::error::{ReadError, Reason, Step};
use super::json::Scanner;
use super::path::FieldPath;
use super::schema::{Field, Kind, MessageId, Schema};
use super::wire::{Mark, close_length, open_length};

type Result<T = ()> = std::result::Result<T, ReadError>;

/// How JSON and text are read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadOptions {
    /// Skip fields and enum names that the schema does not know, instead of
    /// refusing them.
    pub ignore_unknown: bool,
    /// How deep objects and arrays may be nested; at most [`ReadOptions::DEEPEST`].
    pub max_depth: usize,
    /// How many values (of members, elements, at any depth) there may be.
    pub max_nodes: usize,
}

impl ReadOptions {
    /// What `max_depth` is held to, so that a reader's stack is bounded.
    pub const DEEPEST: usize = 256;
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            ignore_unknown: false,
            max_depth: 64,
            max_nodes: 100_000,
        }
    }
}

/// Reads a JSON text as a message and appends its wire bytes to `out`.
///
/// On error `out` is as long as before.
pub fn json_to_wire(
    schema: &Schema,
    message: MessageId,
    json: &[u8],
    options: &ReadOptions,
    out: &mut Vec<u8>,
) -> Result {
    let start = out.len();
    reading(schema, json, options, out, |reader| reader.root(message)).map_err(|error| {
        out.truncate(start);
        error.locate(json)
    })
}

/// Reads a JSON text as the value of one field and appends the field, with its
/// tag and within its parents, to `out`. `null` appends nothing where it means
/// "unset".
///
/// On error `out` is as long as before.
pub fn json_to_field(
    schema: &Schema,
    path: &FieldPath,
    json: &[u8],
    options: &ReadOptions,
    out: &mut Vec<u8>,
) -> Result {
    let start = out.len();
    let read = within(schema, path, out, |field, out| {
        reading(schema, json, options, out, |reader| reader.field(field))
    });
    match read {
        Ok(true) => Ok(()),
        Ok(false) => {
            out.truncate(start);
            Ok(())
        }
        Err(error) => {
            out.truncate(start);
            Err(error.locate(json))
        }
    }
}

/// Reads all of a text.
#[inline]
fn reading<'a, T>(
    schema: &'a Schema,
    json: &'a [u8],
    options: &ReadOptions,
    out: &mut Vec<u8>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
) -> Result<T> {
    let scanner = Scanner::new(json)?;
    // Wire bytes are mostly fewer than those of the JSON, seldom more than three or
    // six times as many: room that is doubled from this is not far above what is needed.
    out.reserve(json.len() / 4 * 3);
    let mut reader = Reader {
        schema,
        json: scanner,
        out: std::mem::take(out),
        ignore_unknown: options.ignore_unknown,
        max_depth: options.max_depth.min(ReadOptions::DEEPEST),
        max_nodes: options.max_nodes,
        depth: 0,
        nodes: 0,
        ahead: Ahead::default(),
    };
    let result = read(&mut reader).and_then(|value| reader.json.end().map(|()| value));
    *out = reader.out;
    result
}

/// Lets `write` append the last field of a path, inside of all the others.
pub(super) fn within<T>(
    schema: &Schema,
    path: &FieldPath,
    out: &mut Vec<u8>,
    write: impl FnOnce(&Field, &mut Vec<u8>) -> Result<T>,
) -> Result<T> {
    let mut open: Vec<(&Field, Option<Mark>)> = Vec::new();
    for field in schema.along(path).take(path.len() - 1) {
        field.tag.put(out);
        let is_group = matches!(field.kind, Kind::Group(_));
        open.push((field, (!is_group).then(|| open_length(out))));
    }
    let last = schema.last(path);
    let mut result = write(last, out);
    if let Err(error) = result {
        result = Err(error.under(Step::Field(&last.json_name)));
    }
    for (field, mark) in open.into_iter().rev() {
        result = result.map_err(|error| error.under(Step::Field(&field.json_name)));
        match mark {
            Some(mark) => close_length(out, mark),
            None => field.tag.end_group().put(out),
        }
    }
    result
}

/// One walk over one JSON text.
struct Reader<'a> {
    schema: &'a Schema,
    json: Scanner<'a>,
    /// Owned while reading: one step nearer than a reference to it.
    out: Vec<u8>,
    ignore_unknown: bool,
    max_depth: usize,
    max_nodes: usize,
    depth: usize,
    nodes: usize,
    /// What looking for `@type` has found out about what is still to be read.
    ahead: Ahead,
}

impl Reader<'_> {
    /// The whole text as a message.
    fn root(&mut self, message: MessageId) -> Result {
        self.count()?;
        self.message(message)
    }

    /// Counts one value against the limit.
    #[inline]
    fn count(&mut self) -> Result {
        self.nodes += 1;
        match self.nodes > self.max_nodes {
            true => Err(self.too_many()),
            false => Ok(()),
        }
    }

    #[cold]
    fn too_many(&self) -> ReadError {
        let what = format!(
            "the JSON has more than {} values, which is the limit",
            self.max_nodes
        );
        ReadError::new(Reason::TooManyNodes, what).at(self.json.offset())
    }

    /// Enters an object or array. Whether it has any members.
    #[inline]
    fn enter(&mut self, open: u8, close: u8, expected: &str) -> Result<bool> {
        if !self.json.take(open) {
            return Err(self.wrong_type(expected));
        }
        if self.depth >= self.max_depth {
            return Err(self.too_deep());
        }
        self.depth += 1;
        let empty = self.json.take(close);
        self.depth -= usize::from(empty);
        Ok(!empty)
    }

    /// After a member or element: whether another one follows.
    #[inline]
    fn another(&mut self, close: u8) -> Result<bool> {
        let more = self.json.another(close)?;
        self.depth -= usize::from(!more);
        Ok(more)
    }

    #[cold]
    fn too_deep(&self) -> ReadError {
        let what = format!(
            "the JSON is nested more than {} deep, which is the limit",
            self.max_depth
        );
        ReadError::new(Reason::TooDeep, what).at(self.json.offset().saturating_sub(1))
    }

    /// The value that comes next is not of the wanted type, or is no value at all.
    #[cold]
    fn wrong_type(&mut self, expected: &str) -> ReadError {
        if !self.json.is_value() {
            return self.json.unexpected("a JSON value");
        }
        let found = self.json.describe();
        ReadError::new(
            Reason::WrongType,
            format!("expected {expected}, found {found}"),
        )
        .at(self.json.offset())
    }
}
