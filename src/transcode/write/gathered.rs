//! Gathering mode: fields in the order of their numbers, each merged from all of
//! its occurrences, the way protobuf merges them.

use super::{Result, Stop, Writer};
use crate::transcode::error::Step;
use crate::transcode::gather::{Gathered, Pieces, Span};
use crate::transcode::schema::{Field, Message, Shape};
use crate::transcode::seen::SeenKeys;
use crate::transcode::wire::{Cursor, Malformed};

impl<'a> Writer<'a> {
    pub(super) fn gather(&self, plan: &Message, pieces: Pieces<'_, '_>) -> Result<Gathered> {
        Gathered::new(self.schema, plan, pieces, self.depth).map_err(|(fault, at)| {
            let stop = Stop::from(fault);
            match at {
                Some(at) => stop.under(Step::Field(&plan.fields[at].json_name)),
                None => stop,
            }
        })
    }

    pub(super) fn fields_gathered(
        &mut self,
        plan: &'a Message,
        pieces: Pieces<'_, '_>,
        first: &mut bool,
    ) -> Result {
        let gathered = self.gather(plan, pieces)?;
        let mut next = 0;
        for at in gathered.fields() {
            let field = &plan.fields[at];
            if self.options.always_print {
                self.defaults(plan, next..at, first);
            }
            next = at + 1;
            let (start, was_first) = (self.out.len(), *first);
            self.key(field, first);
            let empty = self
                .gathered_value(field, pieces, gathered.places(at))
                .map_err(|stop| stop.under(Step::Field(&field.json_name)))?;
            if empty && !self.options.always_print {
                self.out.truncate(start);
                *first = was_first;
            }
        }
        if self.options.always_print {
            self.defaults(plan, next..plan.fields.len(), first);
        }
        Ok(())
    }

    /// The value of one field, from the offsets of its tags. Whether it is one
    /// that is not printed: no elements, or the default of a field without presence.
    pub(super) fn gathered_value(
        &mut self,
        field: &'a Field,
        pieces: Pieces<'_, '_>,
        places: impl DoubleEndedIterator<Item = usize> + ExactSizeIterator,
    ) -> Result<bool> {
        match field.shape {
            Shape::Map => self.gathered_map(field, pieces, places),
            Shape::Repeated | Shape::Packed => self.gathered_array(field, pieces, places),
            Shape::Singular => match field.kind.message() {
                Some(id) => {
                    let values = self.values(pieces, places)?;
                    self.message(id, Pieces::new(pieces.bytes(), &values))
                        .map(|()| false)
                }
                None => self.gathered_scalar(field, pieces, places),
            },
        }
    }

    /// The insides of all occurrences of a message field.
    pub(super) fn values(
        &self,
        pieces: Pieces<'_, '_>,
        places: impl Iterator<Item = usize>,
    ) -> Result<Vec<Span>> {
        places
            .map(|at| Ok(Span::of(pieces.inside(at, self.depth)?)))
            .collect()
    }

    fn gathered_scalar(
        &mut self,
        field: &Field,
        pieces: Pieces<'_, '_>,
        mut places: impl DoubleEndedIterator<Item = usize>,
    ) -> Result<bool> {
        let Some(at) = places.next_back() else {
            return Ok(true);
        };
        let mut cursor = pieces.after_tag(at)?.1;
        Ok(self.scalar(field.kind, &mut cursor)? && !field.presence)
    }

    fn gathered_array(
        &mut self,
        field: &Field,
        pieces: Pieces<'_, '_>,
        places: impl Iterator<Item = usize>,
    ) -> Result<bool> {
        let (mut first, mut index) = (true, 0);
        self.open(b'[');
        for at in places {
            let (tag, mut cursor) = pieces.after_tag(at)?;
            self.elements(field, tag, &mut cursor, &mut first, &mut index)
                .map_err(|stop| stop.under(Step::Index(index)))?;
        }
        self.close(b']', first);
        Ok(first)
    }

    fn gathered_map(
        &mut self,
        field: &'a Field,
        pieces: Pieces<'_, '_>,
        places: impl DoubleEndedIterator<Item = usize> + ExactSizeIterator,
    ) -> Result<bool> {
        let kept = self.last_of_each_key(field, pieces, places)?;
        let (key, value) = self.key_and_value(field);
        let mut first = true;
        self.open(b'{');
        for span in kept.into_iter().rev() {
            let inside = pieces.cursor(span);
            let entry = self.split_entry(key, value, inside)?;
            self.separate(&mut first);
            let start = self.out.len();
            self.entry_key(key, entry.key)?;
            let end = self.out.len();
            self.colon();
            self.gathered_entry_value(field, value, inside, entry.value)
                .map_err(|stop| self.under_key(stop, start..end))?;
        }
        self.close(b'}', first);
        Ok(first)
    }

    fn gathered_entry_value(
        &mut self,
        field: &Field,
        value: &'a Field,
        inside: Cursor<'_>,
        last: Option<(u32, Cursor<'_>)>,
    ) -> Result {
        match (value.kind.message(), last) {
            (_, None) => self.empty_value(value),
            (None, Some((_, mut at))) => self.scalar(value.kind, &mut at).map(drop),
            (Some(id), Some(_)) => {
                let entry = field.kind.message().map(|entry| self.schema.get(entry));
                let plan = entry.expect("a map field's type is its entry message");
                let entry = [Span::of(inside)];
                let pieces = Pieces::new(inside.bytes, &entry);
                let gathered = self.gather(plan, pieces)?;
                let values = self.values(pieces, gathered.places(1))?;
                self.message(id, Pieces::new(inside.bytes, &values))
            }
        }
    }

    /// The insides of the entries that count, the last one first.
    fn last_of_each_key(
        &mut self,
        field: &'a Field,
        pieces: Pieces<'_, '_>,
        places: impl DoubleEndedIterator<Item = usize> + ExactSizeIterator,
    ) -> Result<Vec<Span>> {
        let (key, value) = self.key_and_value(field);
        let mut kept = Vec::new();
        let mut seen = SeenKeys::new();
        // Keys are compared as they are printed; the room is given back below.
        let start = self.out.len();
        for at in places.rev() {
            let (tag, mut cursor) = pieces.after_tag(at)?;
            if tag & 7 != 2 {
                return Err(Malformed::WrongWireType.into());
            }
            let inside = cursor.delimited()?;
            let entry = self.split_entry(key, value, inside)?;
            if self.holds_unknown_enum(value, &entry)? {
                continue;
            }
            let from = self.out.len();
            self.entry_key(key, entry.key)?;
            match seen.insert(&self.out, from..self.out.len()) {
                true => kept.push(Span::of(inside)),
                false => self.out.truncate(from),
            }
        }
        self.out.truncate(start);
        Ok(kept)
    }
}
