//! `google.protobuf.Value`, `Struct` and `ListValue`: JSON inside of JSON.

use super::{Result, Stop, Writer};
use crate::transcode::error::Step;
use crate::transcode::schema::{Kind, Message};
use crate::transcode::seen::SeenKeys;
use crate::transcode::wire::{Cursor, Malformed};

impl<'a> Writer<'a> {
    pub(super) fn dynamic_struct(&mut self, plan: &'a Message, chunks: &[Cursor<'_>]) -> Result {
        let field = &plan.fields[0];
        if self.gather {
            let gathered = self.gather(plan, chunks)?;
            let position = plan.position(field.number).unwrap_or_default();
            return self
                .gathered_value(field, chunks, gathered.places(position))
                .map(drop);
        }
        self.open(b'{');
        let (mut first, mut seen) = (true, SeenKeys::new());
        for chunk in chunks {
            let mut cursor = *chunk;
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

    pub(super) fn dynamic_list(&mut self, plan: &'a Message, chunks: &[Cursor<'_>]) -> Result {
        let field = &plan.fields[0];
        self.open(b'[');
        let (mut first, mut index) = (true, 0);
        for chunk in chunks {
            let mut cursor = *chunk;
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

    pub(super) fn dynamic_value(&mut self, plan: &'a Message, chunks: &[Cursor<'_>]) -> Result {
        // The member set last counts; pieces of it before any other member merge.
        let mut number = 0;
        let mut pieces: Vec<Cursor<'_>> = Vec::new();
        let mut only = None;
        for chunk in chunks {
            let mut cursor = *chunk;
            while !cursor.is_empty() {
                let tag = cursor.tag()?;
                let at = cursor;
                cursor.skip(tag, self.depth)?;
                let Some(position) = plan.position(tag >> 3) else {
                    continue;
                };
                let field = &plan.fields[position];
                if (tag & 7) as u8 != field.kind.wire_type() {
                    return Err(Malformed::WrongWireType.into());
                }
                if self.gather {
                    if number != field.number {
                        pieces.clear();
                    }
                    pieces.push(at);
                } else if only.is_some() {
                    return Err(Stop::Restart);
                }
                number = field.number;
                only = Some(at);
            }
        }
        let Some(last) = only else {
            return Err(Stop::failed("google.protobuf.Value has no value set"));
        };
        self.member_of_value(plan, number, last, &pieces)
    }

    fn member_of_value(
        &mut self,
        plan: &Message,
        number: u32,
        last: Cursor<'_>,
        pieces: &[Cursor<'_>],
    ) -> Result {
        let position = plan.position(number).unwrap_or_default();
        let field = &plan.fields[position];
        let mut at = last;
        match field.kind {
            Kind::Double => self.finite(at),
            Kind::Message(id) if self.gather => {
                let inside: Vec<Cursor<'_>> = pieces
                    .iter()
                    .map(|piece| { *piece }.delimited())
                    .collect::<std::result::Result<_, _>>()?;
                self.message(id, &inside)
            }
            Kind::Message(id) => {
                let inside = at.delimited()?;
                self.message(id, &[inside])
            }
            kind => self.scalar(kind, &mut at).map(drop),
        }
        .map_err(|stop| stop.under(Step::Field(&field.json_name)))
    }
}
