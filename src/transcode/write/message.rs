//! Messages as objects and repeated fields as arrays, printed as they come.

use super::{Result, Stop, Writer};
use crate::transcode::error::Step;
use crate::transcode::gather::{Pieces, Span};
use crate::transcode::schema::{Field, Form, Kind, Message, MessageId, Shape};
use crate::transcode::seen::Seen;
use crate::transcode::wire::{Cursor, Malformed};

impl<'a> Writer<'a> {
    /// A message that is in one piece.
    #[inline]
    pub(super) fn sub_message(&mut self, id: MessageId, inside: Cursor<'_>) -> Result {
        self.message(id, Pieces::new(inside.bytes, &[Span::of(inside)]))
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
        let mut seen = Seen::new(plan.fields.len());
        let mut oneofs = Seen::new(plan.oneofs.len());
        let mut expected = 0;
        while !cursor.is_empty() {
            let tag = cursor.tag()?;
            let at = match plan.fields.get(expected) {
                Some(field) if field.tag.value == tag => expected,
                _ => match plan.position(tag >> 3) {
                    Some(at) => at,
                    None => {
                        cursor.skip(tag, self.depth)?;
                        continue;
                    }
                },
            };
            let field = &plan.fields[at];
            if field.shape == Shape::Singular && self.is_unknown_enum(field, tag, &cursor)? {
                cursor.skip(tag, self.depth)?;
                continue;
            }
            let again = !seen.insert(at);
            let replaces = field
                .oneof
                .is_some_and(|oneof| !oneofs.insert(usize::from(oneof)));
            if again || replaces {
                return Err(Stop::Restart);
            }
            if self.options.always_print {
                if at < expected {
                    return Err(Stop::Restart);
                }
                self.defaults(plan, expected..at, first);
            }
            self.field(field, tag, &mut cursor, first)
                .map_err(|stop| stop.under(Step::Field(&field.json_name)))?;
            expected = at + 1;
        }
        if self.options.always_print {
            self.defaults(plan, expected..plan.fields.len(), first);
        }
        Ok(())
    }

    /// One field with its key; all of its run, if it is repeated.
    #[inline(always)]
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
    #[inline(always)]
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
