//! Objects as map fields, `google.protobuf.Struct` among them.

use super::{Reader, Result};
use crate::transcode::error::{ReadError, Reason, Step};
use crate::transcode::json::Text;
use crate::transcode::schema::{Field, Kind};
use crate::transcode::seen::SeenKeys;
use crate::transcode::wire::{close_length, open_length};

impl Reader<'_> {
    /// An object as the entries of a map.
    pub(super) fn map(&mut self, field: &Field) -> Result {
        if !self.enter(b'{', b'}', "an object")? {
            return Ok(());
        }
        let Some(entry) = field.kind.message() else {
            return Ok(());
        };
        let (key, value) = self.schema.get(entry).entry();
        let mut seen = SeenKeys::new();
        loop {
            self.json.peek();
            let offset = self.json.offset();
            let name = self.json.name()?;
            self.json.colon()?;
            let start = self.out.len();
            field.tag.put(&mut self.out);
            let mark = open_length(&mut self.out);
            let at = self.out.len();
            key.tag.put(&mut self.out);
            self.map_key(key.kind, name)
                .map_err(|error| error.at(offset).under(Step::Key(&name.decoded())))?;
            if !seen.insert(&self.out, at..self.out.len()) {
                return Err(
                    ReadError::new(Reason::Duplicate, "this map key is given twice")
                        .at(offset)
                        .under(Step::Key(&name.decoded())),
                );
            }
            let set = self
                .map_value(value)
                .map_err(|error| error.under(Step::Key(&name.decoded())))?;
            match set {
                true => {
                    let end = self.out.len();
                    close_length(&mut self.out, mark);
                    seen.move_last(self.out.len() - end);
                }
                false => {
                    seen.forget_last();
                    self.out.truncate(start);
                }
            }
            if !self.another(b'}')? {
                return Ok(());
            }
        }
    }

    fn map_key(&mut self, kind: Kind, name: Text<'_>) -> Result {
        match kind {
            Kind::String => {
                super::scalar::put_string(name, &mut self.out);
                Ok(())
            }
            kind => super::scalar::put_text(self.schema, kind, &name.decoded(), &mut self.out),
        }
    }

    fn map_value(&mut self, value: &Field) -> Result<bool> {
        self.count()?;
        if self.json.peek() == b'n' && !value.null_is_value {
            return Err(self.null_inside("value in a map"));
        }
        value.tag.put(&mut self.out);
        self.value(value)
    }
}
