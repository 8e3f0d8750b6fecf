//! Wire bytes → JSON, in one pass and with no tree between.
//!
//! A message's fields nearly always stand in one piece each, and then they are
//! printed as they come. Where that does not hold (a singular field comes twice,
//! a repeated one again after another field, a map key twice) the whole message
//! is started again, once, by way of [`gather`](super::gather), so that the total
//! stays linear. Reading is left to `read`.

mod dynamic;
mod gathered;
mod map;
mod message;
mod scalar;
mod special;

pub(super) use scalar::{put_double, put_float};

use super::error::{Step, WriteError};
use super::gather::{MAX_SIZE, Pieces, Span};
use super::path::FieldPath;
use super::schema::{Field, Key, MessageId, Schema};
use super::wire::{Cursor, MAX_DEPTH, Malformed};

/// How JSON is written.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct WriteOptions {
    /// Print fields without presence even if they hold their default.
    pub always_print: bool,
    /// Print field names as the proto file spells them.
    pub proto_names: bool,
    /// Print enum values as numbers.
    pub enum_numbers: bool,
    /// Print over many lines, indented.
    pub pretty: bool,
}

/// Writes a message's wire bytes as JSON, appended to `out`.
///
/// On error `out` is as long as before.
pub fn wire_to_json(
    schema: &Schema,
    message: MessageId,
    wire: &[u8],
    options: &WriteOptions,
    out: &mut Vec<u8>,
) -> std::result::Result<(), WriteError> {
    write(schema, wire, options, out, |writer| {
        writer.sub_message(message, Cursor::new(wire))
    })
}

/// Writes the value of one field of a message, given as wire bytes, as JSON. If
/// the field is unset that is the default of a scalar, `[]`, `{}` for a map or
/// a plain message, and `null` for a well-known type.
///
/// On error `out` is as long as before.
pub fn field_to_json(
    schema: &Schema,
    path: &FieldPath,
    wire: &[u8],
    options: &WriteOptions,
    out: &mut Vec<u8>,
) -> std::result::Result<(), WriteError> {
    write(schema, wire, options, out, |writer| {
        writer.field_at(path, wire)
    })
}

/// Runs `print`, and once more in gathering mode if it asks for that.
fn write<'a>(
    schema: &'a Schema,
    wire: &[u8],
    options: &WriteOptions,
    out: &mut Vec<u8>,
    print: impl Fn(&mut Writer<'a>) -> Result,
) -> std::result::Result<(), WriteError> {
    if wire.len() > MAX_SIZE {
        return Err(WriteError::new(Malformed::TooLarge.text()));
    }
    let start = out.len();
    // JSON is mostly two or three times as long as the wire bytes: room that is doubled
    // from this is not far above what is needed.
    out.reserve(wire.len() + wire.len() / 2);
    let mut writer = Writer {
        schema,
        options: *options,
        out: std::mem::take(out),
        depth: 0,
        indent: 0,
        gather: false,
    };
    let mut result = print(&mut writer);
    if let Err(Stop::Restart) = result {
        writer.out.truncate(start);
        (writer.depth, writer.indent, writer.gather) = (0, 0, true);
        result = print(&mut writer);
    }
    *out = writer.out;
    result.map_err(|stop| {
        out.truncate(start);
        match stop {
            Stop::Failed(error) => error,
            Stop::Restart => WriteError::new("the message comes in pieces that cannot be merged"),
        }
    })
}

type Result<T = ()> = std::result::Result<T, Stop>;

/// Why printing stopped.
enum Stop {
    Failed(WriteError),
    /// The fields do not come in one piece each: start again, gathering.
    Restart,
}

/// One walk over one message.
struct Writer<'a> {
    schema: &'a Schema,
    options: WriteOptions,
    /// Owned while printing: one step nearer than a reference to it.
    out: Vec<u8>,
    depth: usize,
    indent: usize,
    gather: bool,
}

impl<'a> Writer<'a> {
    fn field_at(&mut self, path: &'a FieldPath, wire: &[u8]) -> Result {
        let mut spans = vec![Span::of(Cursor::new(wire))];
        let mut plan = self.schema.get(path.message);
        let (last, parents) = path.steps.split_last().expect("a path is never empty");
        for step in parents {
            let at = usize::from(*step);
            let pieces = Pieces::new(wire, &spans);
            let gathered = self.gather(plan, pieces)?;
            spans = self.values(pieces, gathered.places(at))?;
            if let Some(inner) = plan.fields[at].kind.message() {
                plan = self.schema.get(inner);
            }
        }
        let at = usize::from(*last);
        let field = &plan.fields[at];
        let pieces = Pieces::new(wire, &spans);
        let gathered = self.gather(plan, pieces)?;
        let places = gathered.places(at);
        if places.len() == 0 {
            self.absent(field);
            return Ok(());
        }
        self.gathered_value(field, pieces, places)
            .map(drop)
            .map_err(|stop| stop.under(Step::Field(&field.json_name)))
    }

    /// Goes one message deeper.
    #[inline]
    fn deeper(&mut self) -> Result {
        self.depth += 1;
        match self.depth > MAX_DEPTH {
            true => Err(Malformed::TooDeep.into()),
            false => Ok(()),
        }
    }

    // How the JSON looks.

    #[inline]
    fn open(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.indent += 1;
    }

    #[inline]
    fn close(&mut self, bracket: u8, empty: bool) {
        self.indent -= 1;
        if self.options.pretty && !empty {
            self.new_line();
        }
        self.out.push(bracket);
    }

    /// What stands before an element or a map key.
    #[inline]
    fn separate(&mut self, first: &mut bool) {
        if !std::mem::replace(first, false) {
            self.out.push(b',');
        }
        if self.options.pretty {
            self.new_line();
        }
    }

    /// What stands between a map key and its value.
    #[inline]
    fn colon(&mut self) {
        self.out.push(b':');
        if self.options.pretty {
            self.out.push(b' ');
        }
    }

    /// A member's name with all that stands around it.
    #[inline(always)]
    fn key(&mut self, field: &Field, first: &mut bool) {
        let key = self.key_of(field);
        if !self.options.pretty {
            key.put(usize::from(*first), &mut self.out);
            *first = false;
            return;
        }
        self.separate(first);
        key.put(1, &mut self.out);
        self.out.push(b' ');
    }

    #[inline(always)]
    fn key_of<'f>(&self, field: &'f Field) -> &'f Key {
        match self.options.proto_names {
            true => &field.proto_key,
            false => &field.json_key,
        }
    }

    #[cold]
    fn new_line(&mut self) {
        self.out.push(b'\n');
        for _ in 0..self.indent {
            self.out.extend_from_slice(b"  ");
        }
    }
}

// === impl Stop ===

impl Stop {
    #[cold]
    fn failed(description: impl Into<String>) -> Stop {
        Stop::Failed(WriteError::new(description))
    }

    #[cold]
    fn under(self, step: Step<'_>) -> Stop {
        match self {
            Stop::Failed(error) => Stop::Failed(error.under(step)),
            Stop::Restart => Stop::Restart,
        }
    }
}

impl From<Malformed> for Stop {
    #[cold]
    fn from(fault: Malformed) -> Stop {
        Stop::failed(fault.text())
    }
}
