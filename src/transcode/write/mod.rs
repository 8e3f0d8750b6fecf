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
use super::path::FieldPath;
use super::schema::{Field, MessageId, Schema};
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
    write(schema, options, out, |writer| {
        writer.message(message, &[Cursor::new(wire)])
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
    write(schema, options, out, |writer| writer.field_at(path, wire))
}

/// Runs `print`, and once more in gathering mode if it asks for that.
fn write<'a>(
    schema: &'a Schema,
    options: &'a WriteOptions,
    out: &'a mut Vec<u8>,
    print: impl Fn(&mut Writer<'a>) -> Result,
) -> std::result::Result<(), WriteError> {
    let start = out.len();
    let mut writer = Writer {
        schema,
        options,
        out,
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
    result.map_err(|stop| {
        writer.out.truncate(start);
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
    options: &'a WriteOptions,
    out: &'a mut Vec<u8>,
    depth: usize,
    indent: usize,
    gather: bool,
}

impl<'a> Writer<'a> {
    fn field_at<'w>(&mut self, path: &'a FieldPath, wire: &'w [u8]) -> Result {
        let mut chunks: Vec<Cursor<'w>> = vec![Cursor::new(wire)];
        let mut message = path.message;
        let (last, parents) = path.steps.split_last().expect("a path is never empty");
        for step in parents {
            let plan = self.schema.get(message);
            let at = usize::from(*step);
            let gathered = self.gather(plan, &chunks)?;
            chunks = self.values(&chunks, gathered.places(at))?;
            message = plan.fields[at].kind.message().unwrap_or(message);
        }
        let plan = self.schema.get(message);
        let at = usize::from(*last);
        let field = &plan.fields[at];
        let gathered = self.gather(plan, &chunks)?;
        match gathered.places(at).len() {
            0 => {
                self.absent(field);
                Ok(())
            }
            _ => self
                .gathered_value(field, &chunks, gathered.places(at))
                .map(drop)
                .map_err(|stop| stop.under(Step::Field(&field.json_name))),
        }
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
        let key = if self.options.proto_names {
            &field.proto_key
        } else {
            &field.json_key
        };
        if !self.options.pretty {
            key.put(usize::from(*first), self.out);
            *first = false;
            return;
        }
        self.separate(first);
        key.put(1, self.out);
        self.out.push(b' ');
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
