//! Map fields as objects. A key that comes twice asks for gathering, where the
//! last one wins.

use super::message::next_of;
use super::{Result, Stop, Writer};
use crate::transcode::error::Step;
use crate::transcode::schema::{Field, Kind};
use crate::transcode::seen::SeenKeys;
use crate::transcode::wire::{Cursor, Malformed};

/// The pieces of one entry. Absent ones stand for the default.
pub(super) struct Entry<'w> {
    pub(super) key: Option<Cursor<'w>>,
    /// With its tag.
    pub(super) value: Option<(u32, Cursor<'w>)>,
    /// The value came more than once.
    pub(super) split: bool,
}

impl<'a> Writer<'a> {
    /// A map field for as long as it goes on. Whether it has no entries.
    pub(super) fn map_run(
        &mut self,
        field: &'a Field,
        tag: u32,
        cursor: &mut Cursor<'_>,
    ) -> Result<bool> {
        let (mut tag, mut first, mut seen) = (tag, true, SeenKeys::new());
        self.open(b'{');
        loop {
            self.map_entry(field, tag, cursor, &mut first, &mut seen)?;
            match next_of(field, cursor)? {
                Some(next) => tag = next,
                None => break,
            }
        }
        self.close(b'}', first);
        Ok(first)
    }

    pub(super) fn map_entry(
        &mut self,
        field: &'a Field,
        tag: u32,
        cursor: &mut Cursor<'_>,
        first: &mut bool,
        seen: &mut SeenKeys,
    ) -> Result {
        if tag & 7 != 2 {
            return Err(Malformed::WrongWireType.into());
        }
        let inside = cursor.delimited()?;
        let (key, value) = self.key_and_value(field);
        let entry = self.split_entry(key, value, inside)?;
        if self.holds_unknown_enum(value, &entry)? {
            return Ok(());
        }
        if entry.split && value.kind.message().is_some() {
            return Err(Stop::Restart);
        }
        self.separate(first);
        let start = self.out.len();
        self.entry_key(key, entry.key)?;
        if !seen.insert(&self.out, start..self.out.len()) {
            return Err(Stop::Restart);
        }
        let end = self.out.len();
        self.colon();
        match entry.value {
            Some((tag, mut at)) => self.value(value, tag, &mut at).map(drop),
            None => self.empty_value(value),
        }
        .map_err(|stop| self.under_key(stop, start..end))
    }

    pub(super) fn key_and_value(&self, field: &Field) -> (&'a Field, &'a Field) {
        let entry = field
            .kind
            .message()
            .expect("a map field's type is its entry message");
        self.schema.get(entry).entry()
    }

    /// Finds key and value of an entry, in whatever order they are.
    #[inline]
    pub(super) fn split_entry<'w>(
        &self,
        key: &Field,
        value: &Field,
        inside: Cursor<'w>,
    ) -> Result<Entry<'w>> {
        let mut cursor = inside;
        // Nearly always: the key, the value, nothing else.
        if cursor.tag() == Ok(key.tag.value) {
            let at = cursor;
            cursor.skip(key.tag.value, self.depth)?;
            if !cursor.is_empty() && cursor.tag()? == value.tag.value {
                let value_at = cursor;
                cursor.skip(value.tag.value, self.depth)?;
                if cursor.is_empty() {
                    return Ok(Entry {
                        key: Some(at),
                        value: Some((value.tag.value, value_at)),
                        split: false,
                    });
                }
            }
        }
        cursor = inside;
        let mut entry = Entry {
            key: None,
            value: None,
            split: false,
        };
        while !cursor.is_empty() {
            let tag = cursor.tag()?;
            let at = cursor;
            cursor.skip(tag, self.depth)?;
            match tag >> 3 {
                1 if (tag & 7) as u8 == key.kind.wire_type() => entry.key = Some(at),
                2 if (tag & 7) as u8 == value.kind.wire_type() => {
                    entry.split |= entry.value.is_some();
                    entry.value = Some((tag, at));
                }
                1 | 2 => return Err(Malformed::WrongWireType.into()),
                _ => {}
            }
        }
        Ok(entry)
    }

    /// An entry whose value its closed enum does not know is an unknown field.
    pub(super) fn holds_unknown_enum(&self, value: &Field, entry: &Entry<'_>) -> Result<bool> {
        match &entry.value {
            Some((tag, at)) => self.is_unknown_enum(value, *tag, at),
            None => Ok(false),
        }
    }

    pub(super) fn entry_key(&mut self, key: &Field, at: Option<Cursor<'_>>) -> Result {
        // No key is the default key: zero, false or the empty string.
        let mut at = at.unwrap_or(Cursor::new(&[0; 8]));
        self.map_key(key.kind, &mut at)
    }

    /// The value of an entry that has none.
    pub(super) fn empty_value(&mut self, value: &Field) -> Result {
        match value.kind {
            Kind::Message(id) | Kind::Group(id) => self.sub_message(id, Cursor::new(&[])),
            _ => {
                self.absent(value);
                Ok(())
            }
        }
    }

    #[cold]
    pub(super) fn under_key(&self, stop: Stop, key: std::ops::Range<usize>) -> Stop {
        let key = String::from_utf8_lossy(self.out.get(key).unwrap_or_default()).into_owned();
        stop.under(Step::Key(key.trim_matches('"')))
    }
}
