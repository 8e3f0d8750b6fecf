//! Messages as objects and repeated fields as arrays, printed as they come.

use super::scalar::{put_double, put_integer, put_quoted, put_string};
use super::{Result, Stop, Writer};
use crate::transcode::error::Step;
use crate::transcode::gather::{Pieces, Span};
use crate::transcode::schema::{Field, Form, Kind, Message, MessageId, Shape};
use crate::transcode::seen::Seen;
use crate::transcode::wellknown::base64;
use crate::transcode::wire::{Cursor, Malformed};

/// How far the fields of one message are.
struct Progress {
    seen: Seen,
    oneofs: Seen,
    /// Position of the field that comes next, if they come in order.
    expected: usize,
}

impl<'a> Writer<'a> {
    /// A message that is in one piece.
    #[inline]
    pub(super) fn sub_message(&mut self, id: MessageId, inside: Cursor<'_>) -> Result {
        let plan = self.schema.get(id);
        if plan.form != Form::Plain || self.gather {
            return self.message(id, Pieces::new(inside.bytes, &[Span::of(inside)]));
        }
        self.deeper()?;
        self.open(b'{');
        let mut empty = true;
        self.fields_as_they_come(plan, inside, &mut empty)?;
        self.close(b'}', empty);
        self.depth -= 1;
        Ok(())
    }

    /// A message as a JSON value. There is more than one piece in gathering mode only.
    pub(super) fn message(&mut self, id: MessageId, pieces: Pieces<'_, '_>) -> Result {
        self.deeper()?;
        let plan = self.schema.get(id);
        match plan.form {
            Form::Plain => {
                self.open(b'{');
                let empty = self.fields(plan, pieces, true)?;
                self.close(b'}', empty);
            }
            _ => self.special(plan, pieces)?,
        }
        self.depth -= 1;
        Ok(())
    }

    /// The fields of an object that is open; `first` if nothing is in it yet, and
    /// so the result.
    pub(super) fn fields(
        &mut self,
        plan: &'a Message,
        pieces: Pieces<'_, '_>,
        mut first: bool,
    ) -> Result<bool> {
        match pieces.only() {
            Some(cursor) if !self.gather => self.fields_as_they_come(plan, cursor, &mut first)?,
            _ => self.fields_gathered(plan, pieces, &mut first)?,
        }
        Ok(first)
    }

    fn fields_as_they_come(
        &mut self,
        plan: &'a Message,
        mut cursor: Cursor<'_>,
        first: &mut bool,
    ) -> Result {
        let mut progress = Progress {
            seen: Seen::default(),
            oneofs: Seen::default(),
            expected: 0,
        };
        while !cursor.is_empty() {
            let tag = cursor.tag()?;
            match plan.fields.get(progress.expected) {
                Some(field) if field.tag.value == tag && field.simple => {
                    if !progress.seen.insert(progress.expected) {
                        return Err(Stop::Restart);
                    }
                    progress.expected += 1;
                    if let Err(stop) = self.simple_field(field, &mut cursor, first) {
                        return Err(stop.under(Step::Field(&field.json_name)));
                    }
                }
                _ => self.next_field(plan, tag, &mut cursor, &mut progress, first)?,
            }
        }
        if self.options.always_print {
            self.defaults(plan, progress.expected..plan.fields.len(), first);
        }
        Ok(())
    }

    /// Any field at all, after its tag.
    #[inline(never)]
    fn next_field(
        &mut self,
        plan: &'a Message,
        tag: u32,
        cursor: &mut Cursor<'_>,
        progress: &mut Progress,
        first: &mut bool,
    ) -> Result {
        let Some(at) = plan.position(tag >> 3) else {
            return Ok(cursor.skip(tag, self.depth)?);
        };
        let field = &plan.fields[at];
        if field.shape == Shape::Singular && self.is_unknown_enum(field, tag, cursor)? {
            return Ok(cursor.skip(tag, self.depth)?);
        }
        let again = !progress.seen.insert(at);
        let replaces = field
            .oneof
            .is_some_and(|oneof| !progress.oneofs.insert(usize::from(oneof)));
        if again || replaces {
            return Err(Stop::Restart);
        }
        if self.options.always_print {
            // The defaults between are printed in the order of the fields.
            if at < progress.expected {
                return Err(Stop::Restart);
            }
            self.defaults(plan, progress.expected..at, first);
        }
        progress.expected = at + 1;
        self.field(field, tag, cursor, first)
            .map_err(|stop| stop.under(Step::Field(&field.json_name)))
    }

    /// A field that is marked simple, of the wire type that it should have.
    #[inline(always)]
    fn simple_field(&mut self, field: &Field, cursor: &mut Cursor<'_>, first: &mut bool) -> Result {
        match field.kind {
            Kind::String => {
                let inside = cursor.delimited()?;
                if self.begin(field, inside.is_empty(), first) {
                    put_string(inside, cursor.bytes, &mut self.out)?;
                }
            }
            Kind::Bytes => {
                let inside = cursor.delimited()?;
                if self.begin(field, inside.is_empty(), first) {
                    self.out.push(b'"');
                    base64::encode(inside.rest(), &mut self.out);
                    self.out.push(b'"');
                }
            }
            Kind::Int32 => {
                let value = cursor.varint()? as i32;
                if self.begin(field, value == 0, first) {
                    put_integer(value, &mut self.out);
                }
            }
            Kind::Int64 => {
                let value = cursor.varint()? as i64;
                if self.begin(field, value == 0, first) {
                    put_quoted(value, &mut self.out);
                }
            }
            Kind::Bool => {
                let value = cursor.varint()? != 0;
                if self.begin(field, !value, first) {
                    self.out
                        .extend_from_slice(if value { b"true" } else { b"false" });
                }
            }
            Kind::Double => {
                let value = f64::from_le_bytes(cursor.fixed64()?);
                if self.begin(field, value.to_bits() == 0, first) {
                    put_double(value, &mut self.out);
                }
            }
            kind => {
                let value = cursor.varint()?;
                let narrow = if kind == Kind::Uint32 {
                    u64::from(value as u32)
                } else {
                    value
                };
                if self.begin(field, narrow == 0, first) {
                    match kind {
                        Kind::Uint32 => put_integer(narrow, &mut self.out),
                        _ => put_quoted(narrow, &mut self.out),
                    };
                }
            }
        }
        Ok(())
    }

    /// Prints the key of a field, unless the field is not printed.
    #[inline(always)]
    fn begin(&mut self, field: &Field, is_default: bool, first: &mut bool) -> bool {
        let printed = !is_default || field.presence || self.options.always_print;
        if printed {
            self.key(field, first);
        }
        printed
    }

    /// One field with its key; all of its run, if it is repeated.
    #[inline]
    fn field(
        &mut self,
        field: &'a Field,
        tag: u32,
        cursor: &mut Cursor<'_>,
        first: &mut bool,
    ) -> Result {
        let (start, was_first) = (self.out.len(), *first);
        self.key(field, first);
        let empty = match field.shape {
            Shape::Singular => self.value(field, tag, cursor)? && !field.presence,
            Shape::Repeated | Shape::Packed => self.run(field, tag, cursor)?,
            Shape::Map => self.map_run(field, tag, cursor)?,
        };
        if empty && !self.options.always_print {
            self.out.truncate(start);
            *first = was_first;
        }
        Ok(())
    }

    /// The value after `tag`. Whether it is the default of its type.
    #[inline]
    pub(super) fn value(
        &mut self,
        field: &Field,
        tag: u32,
        cursor: &mut Cursor<'_>,
    ) -> Result<bool> {
        if (tag & 7) as u8 != field.kind.wire_type() {
            return Err(Malformed::WrongWireType.into());
        }
        match field.kind {
            Kind::Message(id) => {
                let inside = cursor.delimited()?;
                self.sub_message(id, inside).map(|()| false)
            }
            Kind::Group(id) => {
                let inside = cursor.group(tag >> 3, self.depth)?;
                self.sub_message(id, inside).map(|()| false)
            }
            kind => self.scalar(kind, cursor),
        }
    }

    /// A repeated field for as long as it goes on. Whether it has no elements.
    #[inline(never)]
    fn run(&mut self, field: &Field, tag: u32, cursor: &mut Cursor<'_>) -> Result<bool> {
        let (mut tag, mut first, mut index) = (tag, true, 0);
        self.open(b'[');
        loop {
            self.elements(field, tag, cursor, &mut first, &mut index)
                .map_err(|stop| stop.under(Step::Index(index)))?;
            match next_of(field, cursor)? {
                Some(next) => tag = next,
                None => break,
            }
        }
        self.close(b']', first);
        Ok(first)
    }

    /// The elements of one occurrence: one, or those of a packed run.
    #[inline]
    pub(super) fn elements(
        &mut self,
        field: &Field,
        tag: u32,
        cursor: &mut Cursor<'_>,
        first: &mut bool,
        index: &mut usize,
    ) -> Result {
        if tag & 7 != 2 || !field.packable() {
            if !self.is_unknown_enum(field, tag, cursor)? {
                self.separate(first);
                self.value(field, tag, cursor)?;
                *index += 1;
            } else {
                cursor.skip(tag, self.depth)?;
            }
            return Ok(());
        }
        let mut packed = cursor.delimited()?;
        let element = tag & !7 | u32::from(field.kind.wire_type());
        while !packed.is_empty() {
            if self.is_unknown_enum(field, element, &packed)? {
                packed.skip(element, self.depth)?;
                continue;
            }
            self.separate(first);
            self.scalar(field.kind, &mut packed)?;
            *index += 1;
        }
        Ok(())
    }

    /// Whether the value is a number that its closed enum does not know, which
    /// makes it an unknown field.
    #[inline]
    pub(super) fn is_unknown_enum(
        &self,
        field: &Field,
        tag: u32,
        cursor: &Cursor<'_>,
    ) -> Result<bool> {
        match field.kind {
            Kind::Enum(id) if tag & 7 == 0 => {
                let mut ahead = *cursor;
                Ok(!self.schema.get_enum(id).holds(ahead.varint()? as i32))
            }
            _ => Ok(false),
        }
    }

    /// Fields that are unset but printed all the same.
    pub(super) fn defaults(
        &mut self,
        plan: &Message,
        range: std::ops::Range<usize>,
        first: &mut bool,
    ) {
        for field in &plan.fields[range] {
            if !field.presence && !field.extension {
                self.key(field, first);
                self.absent(field);
            }
        }
    }

    /// The value of a field that is unset.
    pub(super) fn absent(&mut self, field: &Field) {
        let text: &[u8] = match (field.shape, field.kind) {
            (Shape::Repeated | Shape::Packed, _) => b"[]",
            (Shape::Map, _) => b"{}",
            (_, Kind::Message(id) | Kind::Group(id)) => match self.schema.get(id).form {
                Form::Plain | Form::Any => b"{}",
                _ => b"null",
            },
            (_, Kind::Enum(id)) => {
                self.enum_number(id, field.default_number);
                return;
            }
            _ => &field.default_json,
        };
        self.out.extend_from_slice(text);
    }
}

/// Takes the next tag if it is of the same field.
#[inline]
pub(super) fn next_of(field: &Field, cursor: &mut Cursor<'_>) -> Result<Option<u32>> {
    if cursor.is_empty() {
        return Ok(None);
    }
    let mut ahead = *cursor;
    let tag = ahead.tag()?;
    if tag >> 3 != field.number {
        return Ok(None);
    }
    *cursor = ahead;
    Ok(Some(tag))
}
