//! The well-known types that JSON writes in a form of their own. Their string
//! forms are left to `wellknown`, `Any` to `any`.

use super::scalar::put_text;
use super::{Reader, Result};
use crate::transcode::error::{ReadError, Reason, Step, quote};
use crate::transcode::schema::{Form, Kind, Message, Schema};
use crate::transcode::wellknown::{duration, field_mask, timestamp};
use crate::transcode::wire::{close_length, open_length, put_varint};

impl Reader<'_> {
    /// The value that comes next, as the body of a well-known type.
    pub(super) fn special(&mut self, plan: &Message) -> Result {
        match plan.form {
            Form::Plain | Form::Any => self.any(),
            Form::Value => self.dynamic_value(plan),
            Form::Struct => self.map(&plan.fields[0]),
            Form::ListValue => self.array(&plan.fields[0]),
            Form::Wrapper => self.wrapper(plan),
            Form::Timestamp | Form::Duration | Form::FieldMask => self.string_form(plan),
        }
    }

    fn wrapper(&mut self, plan: &Message) -> Result {
        let field = &plan.fields[0];
        let start = self.out.len();
        field.tag.put(&mut self.out);
        let body = self.out.len();
        self.scalar(field.kind)?;
        if self.out[body..].iter().all(|byte| *byte == 0) {
            self.out.truncate(start);
        }
        Ok(())
    }

    fn string_form(&mut self, plan: &Message) -> Result {
        if self.json.peek() != b'"' {
            return Err(self.wrong_type(expected(plan.form)));
        }
        let offset = self.json.offset();
        let text = self.json.string()?;
        put_string_form(
            self.schema,
            plan,
            &text.decoded(),
            Zeros::Drop,
            &mut self.out,
        )
        .map_err(|error| error.at(offset))
    }

    /// `google.protobuf.Value`: whatever comes next.
    fn dynamic_value(&mut self, plan: &Message) -> Result {
        let offset = self.json.offset();
        match self.json.peek() {
            b'"' => {
                self.out.push(tag::STRING);
                super::scalar::put_string(self.json.string()?, &mut self.out);
            }
            b'-' | b'0'..=b'9' => {
                self.out.push(tag::NUMBER);
                self.scalar(Kind::Double)?;
            }
            b'{' => self.nested(plan, 5, tag::STRUCT)?,
            b'[' => self.nested(plan, 6, tag::LIST)?,
            b't' => {
                self.json.literal("true")?;
                self.out.extend_from_slice(&[tag::BOOL, 1]);
            }
            b'f' => {
                self.json.literal("false")?;
                self.out.extend_from_slice(&[tag::BOOL, 0]);
            }
            b'n' => {
                self.json.literal("null")?;
                self.out.extend_from_slice(&[tag::NULL, 0]);
            }
            _ => return Err(self.wrong_type("a JSON value").at(offset)),
        }
        Ok(())
    }

    fn nested(&mut self, plan: &Message, number: u32, tag: u8) -> Result {
        // The form is only given to a message that has these fields.
        let inner = plan
            .position(number)
            .and_then(|at| plan.fields[at].kind.message());
        self.out.push(tag);
        let mark = open_length(&mut self.out);
        match inner {
            Some(id) => self.message(id)?,
            None => self.skip_value()?,
        }
        close_length(&mut self.out, mark);
        Ok(())
    }
}

/// The tags of `google.protobuf.Value`.
mod tag {
    pub(super) const NULL: u8 = 1 << 3;
    pub(super) const NUMBER: u8 = 2 << 3 | 1;
    pub(super) const STRING: u8 = 3 << 3 | 2;
    pub(super) const BOOL: u8 = 4 << 3;
    pub(super) const STRUCT: u8 = 5 << 3 | 2;
    pub(super) const LIST: u8 = 6 << 3 | 2;
}

/// Whether a zero is written, to override what stands before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Zeros {
    Drop,
    Write,
}

/// Appends the body of a well-known type that is given as text.
pub(super) fn put_string_form(
    schema: &Schema,
    plan: &Message,
    text: &str,
    zeros: Zeros,
    out: &mut Vec<u8>,
) -> Result {
    match plan.form {
        Form::Timestamp => put_moment(timestamp::parse(text), plan.form, text, zeros, out),
        Form::Duration => put_moment(duration::parse(text), plan.form, text, zeros, out),
        Form::FieldMask => put_mask(plan, text, out),
        _ => {
            let field = &plan.fields[0];
            field.tag.put(out);
            put_text(schema, field.kind, text, out)
        }
    }
}

fn put_moment(
    parsed: Option<(i64, i32)>,
    form: Form,
    text: &str,
    zeros: Zeros,
    out: &mut Vec<u8>,
) -> Result {
    let (seconds, nanos) = parsed.ok_or_else(|| malformed(form, text))?;
    for (tag, value) in [(0x08, seconds), (0x10, i64::from(nanos))] {
        if value != 0 || zeros == Zeros::Write {
            out.push(tag);
            put_varint(out, value as u64);
        }
    }
    Ok(())
}

fn put_mask(plan: &Message, text: &str, out: &mut Vec<u8>) -> Result {
    for (index, path) in field_mask::split(text).enumerate() {
        plan.fields[0].tag.put(out);
        let mark = open_length(out);
        if !field_mask::to_snake(path, out) {
            return Err(malformed(plan.form, text).under(Step::Index(index)));
        }
        close_length(out, mark);
    }
    Ok(())
}

#[cold]
fn malformed(form: Form, text: &str) -> ReadError {
    let what = format!("expected {}, found {}", expected(form), quote(text));
    ReadError::new(Reason::Malformed, what)
}

fn expected(form: Form) -> &'static str {
    match form {
        Form::Timestamp => timestamp::EXPECTED,
        Form::Duration => duration::EXPECTED,
        Form::FieldMask => field_mask::EXPECTED,
        _ => "a JSON value",
    }
}
