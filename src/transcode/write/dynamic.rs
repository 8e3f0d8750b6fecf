//! `google.protobuf.Value`, `Struct` and `ListValue`: JSON inside of JSON.

use super::{Result, Stop, Writer};
use crate::transcode::error::Step;
use crate::transcode::gather::{Pieces, Span};
use crate::transcode::schema::{Field, Kind, Message};
use crate::transcode::seen::SeenKeys;
use crate::transcode::wire::{Cursor, Malformed};

impl<'a> Writer<'a> {
    pub(super) fn dynamic_struct(&mut self, plan: &'a Message, pieces: Pieces<'_, '_>) -> Result {
        let field = &plan.fields[0];
        if self.gather {
            let gathered = self.gather(plan, pieces)?;
            let position = plan.position(field.number).unwrap_or_default();
            return self
                .gathered_value(field, pieces, gathered.places(position))
                .map(drop);
        }
        self.open(b'{');
        let (mut first, mut seen) = (true, SeenKeys::new());
        for mut cursor in pieces.cursors() {
            while !cursor.is_empty() {
                let tag = cursor.tag()?;
                match tag >> 3 == field.number {
                    true => self.map_entry(field, tag, &mut cursor, &mut first, &mut seen)?,
                    false => cursor.skip(tag, self.depth)?,
                }
            }
        }
        self.close(b'}', first);
        Ok(())
    }

    pub(super) fn dynamic_list(&mut self, plan: &'a Message, pieces: Pieces<'_, '_>) -> Result {
        let field = &plan.fields[0];
        self.open(b'[');
        let (mut first, mut index) = (true, 0);
        for mut cursor in pieces.cursors() {
            while !cursor.is_empty() {
                let tag = cursor.tag()?;
                match tag >> 3 == field.number {
                    true => self
                        .elements(field, tag, &mut cursor, &mut first, &mut index)
                        .map_err(|stop| stop.under(Step::Index(index)))?,
                    false => cursor.skip(tag, self.depth)?,
                }
            }
        }
        self.close(b']', first);
        Ok(())
    }

    pub(super) fn dynamic_value(&mut self, plan: &'a Message, pieces: Pieces<'_, '_>) -> Result {
        // The member set last counts; pieces of it before any other member merge.
        let mut last: Option<(&Field, Cursor<'_>)> = None;
        let mut merged: Vec<Span> = Vec::new();
        for mut cursor in pieces.cursors() {
            while !cursor.is_empty() {
                let tag = cursor.tag()?;
                let mut at = cursor;
                cursor.skip(tag, self.depth)?;
                let Some(position) = plan.position(tag >> 3) else {
                    continue;
                };
                let field = &plan.fields[position];
                if (tag & 7) as u8 != field.kind.wire_type() {
                    return Err(Malformed::WrongWireType.into());
                }
                match last {
                    Some(_) if !self.gather => return Err(Stop::Restart),
                    Some((former, _)) if former.number != field.number => merged.clear(),
                    _ => {}
                }
                last = Some((field, at));
                if self.gather && field.kind.message().is_some() {
                    merged.push(Span::of(at.delimited()?));
                }
            }
        }
        let Some((field, at)) = last else {
            return Err(Stop::failed("google.protobuf.Value has no value set"));
        };
        self.member_of_value(field, at, Pieces::new(pieces.bytes(), &merged))
            .map_err(|stop| stop.under(Step::Field(&field.json_name)))
    }

    fn member_of_value(
        &mut self,
        field: &Field,
        mut at: Cursor<'_>,
        merged: Pieces<'_, '_>,
    ) -> Result {
        match field.kind {
            Kind::Double => self.finite(at),
            Kind::Message(id) if self.gather => self.message(id, merged),
            Kind::Message(id) => {
                let inside = at.delimited()?;
                self.sub_message(id, inside)
            }
            kind => self.scalar(kind, &mut at).map(drop),
        }
    }
}
