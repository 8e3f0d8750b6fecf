//! All the occurrences of a message's fields, sorted by field: for messages whose
//! fields come in pieces on the wire and merge as protobuf says. Eight bytes an
//! occurrence, whatever it holds.

use super::schema::{Field, Kind, Message, Schema, Shape};
use super::wire::{Cursor, Malformed};

/// A part of the buffer that a message is in: half the size of a cursor's slice.
#[derive(Clone, Copy)]
pub(super) struct Span {
    at: u32,
    end: u32,
}

impl Span {
    /// The span of a cursor over a buffer of at most [`MAX_SIZE`] bytes.
    #[inline]
    pub(super) fn of(cursor: Cursor<'_>) -> Span {
        Span {
            at: cursor.at as u32,
            end: cursor.bytes.len() as u32,
        }
    }
}

/// The largest buffer whose places fit into spans.
pub(super) const MAX_SIZE: usize = u32::MAX as usize;

/// The occurrences of one message, in wire order, which merge into one. Nearly
/// always there is exactly one.
#[derive(Clone, Copy)]
pub(super) struct Pieces<'w, 's> {
    bytes: &'w [u8],
    spans: &'s [Span],
}

impl<'w, 's> Pieces<'w, 's> {
    /// Parts of `bytes`, ascending.
    #[inline]
    pub(super) fn new(bytes: &'w [u8], spans: &'s [Span]) -> Pieces<'w, 's> {
        Pieces { bytes, spans }
    }

    /// The piece, if there is just one.
    #[inline]
    pub(super) fn only(self) -> Option<Cursor<'w>> {
        match self.spans {
            [span] => Some(self.cursor(*span)),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn cursors(self) -> impl Iterator<Item = Cursor<'w>> {
        self.spans.iter().map(move |span| self.cursor(*span))
    }

    /// A cursor over a span of the buffer.
    #[inline]
    pub(super) fn cursor(self, span: Span) -> Cursor<'w> {
        Cursor {
            bytes: &self.bytes[..span.end as usize],
            at: span.at as usize,
        }
    }

    /// The buffer that the pieces are parts of.
    pub(super) fn bytes(self) -> &'w [u8] {
        self.bytes
    }

    /// The tag at `offset`, and a cursor at the value after it.
    pub(super) fn after_tag(self, offset: usize) -> Result<(u32, Cursor<'w>), Malformed> {
        let mut cursor = Cursor {
            bytes: self.bytes,
            at: offset,
        };
        let tag = cursor.tag()?;
        Ok((tag, cursor))
    }

    /// The inside of the message or group whose tag is at `offset`.
    pub(super) fn inside(self, offset: usize, depth: usize) -> Result<Cursor<'w>, Malformed> {
        let (tag, mut cursor) = self.after_tag(offset)?;
        match tag & 7 {
            2 => cursor.delimited(),
            _ => cursor.group(tag >> 3, depth),
        }
    }
}

/// Where the known fields of one message stand.
pub(super) struct Gathered {
    /// Position of the field in the upper half, offset of its tag in the lower:
    /// sorted, each field's occurrences are together and in wire order.
    entries: Vec<u64>,
}

impl Gathered {
    /// Gathers over all the pieces of a message. A fault comes with the position of
    /// its field, if it is in one.
    pub(super) fn new(
        schema: &Schema,
        plan: &Message,
        pieces: Pieces<'_, '_>,
        depth: usize,
    ) -> Result<Gathered, (Malformed, Option<usize>)> {
        let mut entries = Vec::new();
        let mut oneofs: Vec<Option<(usize, usize)>> = vec![None; plan.oneofs.len()];
        for mut cursor in pieces.cursors() {
            while !cursor.is_empty() {
                let offset = cursor.at;
                let tag = cursor.tag().map_err(|fault| (fault, None))?;
                let Some(at) = plan.position(tag >> 3) else {
                    cursor.skip(tag, depth).map_err(|fault| (fault, None))?;
                    continue;
                };
                let field = &plan.fields[at];
                let held = step_over(schema, field, tag, &mut cursor, depth)
                    .map_err(|fault| (fault, Some(at)))?;
                if !held {
                    continue;
                }
                if let Some(oneof) = field.oneof {
                    // Another member clears what was set before it.
                    let current = &mut oneofs[usize::from(oneof)];
                    match current {
                        Some((member, _)) if *member == at => {}
                        _ => *current = Some((at, entries.len())),
                    }
                }
                entries.push((at as u64) << 32 | offset as u64);
            }
        }
        let mut gathered = Gathered { entries };
        gathered.clear_former_members(plan, &oneofs);
        gathered.entries.sort_unstable();
        Ok(gathered)
    }

    /// Drops what a oneof's last member has replaced.
    fn clear_former_members(&mut self, plan: &Message, oneofs: &[Option<(usize, usize)>]) {
        if oneofs.iter().all(Option::is_none) {
            return;
        }
        let mut index = 0;
        self.entries.retain(|entry| {
            let field = &plan.fields[(entry >> 32) as usize];
            let current = field.oneof.and_then(|oneof| oneofs[usize::from(oneof)]);
            let keep = current.is_none_or(|(_, since)| index >= since);
            index += 1;
            keep
        });
    }

    /// Offsets of the tags of the field at this position.
    pub(super) fn places(
        &self,
        at: usize,
    ) -> impl ExactSizeIterator<Item = usize> + DoubleEndedIterator + '_ {
        let from = self
            .entries
            .partition_point(|entry| ((entry >> 32) as usize) < at);
        let to = self
            .entries
            .partition_point(|entry| (entry >> 32) as usize <= at);
        self.entries[from..to]
            .iter()
            .map(|entry| *entry as u32 as usize)
    }

    /// Positions of the fields that occur, ascending.
    pub(super) fn fields(&self) -> impl Iterator<Item = usize> + '_ {
        self.entries
            .chunk_by(|one, other| one >> 32 == other >> 32)
            .map(|run| (run[0] >> 32) as usize)
    }
}

/// Steps over one occurrence. Whether it counts: a closed enum's field does not
/// hold a number that the enum does not know.
fn step_over(
    schema: &Schema,
    field: &Field,
    tag: u32,
    cursor: &mut Cursor<'_>,
    depth: usize,
) -> Result<bool, Malformed> {
    let wire_type = (tag & 7) as u8;
    let packed = field.shape != Shape::Singular && field.packable() && wire_type == 2;
    if wire_type != field.kind.wire_type() && !packed {
        return Err(Malformed::WrongWireType);
    }
    match field.kind {
        Kind::Enum(id) if !packed => Ok(schema.get_enum(id).holds(cursor.varint()? as i32)),
        _ => cursor.skip(tag, depth).map(|()| true),
    }
}
