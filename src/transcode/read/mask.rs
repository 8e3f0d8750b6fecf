//! Update masks: which fields a JSON text gives, as a `google.protobuf.FieldMask`.
//! Whether a request has or wants one is left to others.

use super::{Reader, Result, reading};
use crate::transcode::error::ReadError;
use crate::transcode::path::FieldPath;
use crate::transcode::read::ReadOptions;
use crate::transcode::schema::{Field, Form, MessageId, Schema, Shape};
use crate::transcode::wire::{Cursor, close_length, open_length, put_varint};

/// The field that tells which fields of another one an update is about.
#[derive(Debug, Clone)]
pub struct UpdateMask {
    message: MessageId,
    /// Position of the mask in the message.
    at: usize,
    /// The message that the mask's paths are in.
    updated: MessageId,
}

impl Schema {
    /// The mask for updates of the field `body`: the one `FieldMask` among the fields
    /// of its message. `None` where there is none or more than one, and where `body`
    /// is no plain message.
    pub fn update_mask(&self, body: &FieldPath) -> Option<UpdateMask> {
        let message = body.message();
        let updated = self.path_message(body)?;
        let is_plain =
            self.last(body).shape == Shape::Singular && self.get(updated).form == Form::Plain;
        let mut masks = self.get(message).fields.iter().enumerate();
        let mut next = || masks.find(|(_, field)| self.is_mask(field));
        let (at, _) = next()?;
        (next().is_none() && is_plain).then_some(UpdateMask {
            message,
            at,
            updated,
        })
    }

    fn is_mask(&self, field: &Field) -> bool {
        let form = field.kind.message().map(|id| self.get(id).form);
        field.shape == Shape::Singular && form == Some(Form::FieldMask) && !field.extension
    }
}

/// Appends the mask to `out`, with a path for each field that `json` gives, relative
/// to what it updates and in proto names: `a.b` where `a` is a message, `a` where it
/// is empty or `null` and where it is a list, a map or of a well-known type. What
/// the schema does not know is left out. `json` must have been read with the same
/// options before.
pub fn write_update_mask(
    schema: &Schema,
    mask: &UpdateMask,
    json: &[u8],
    options: &ReadOptions,
    out: &mut Vec<u8>,
) -> std::result::Result<(), ReadError> {
    let mut paths = Vec::new();
    reading(
        schema,
        json,
        options,
        &mut Vec::new(),
        |reader| match reader.json.peek() {
            b'{' => reader.paths(mask.updated, &mut String::new(), &mut paths),
            _ => reader.skip_value(),
        },
    )?;
    if paths.is_empty() {
        return Ok(());
    }
    paths.sort_unstable();
    let field = &schema.get(mask.message).fields[mask.at];
    let Some(inner) = field.kind.message() else {
        return Ok(());
    };
    let path = &schema.get(inner).fields[0];
    field.tag.put(out);
    let mark = open_length(out);
    for text in &paths {
        path.tag.put(out);
        put_varint(out, text.len() as u64);
        out.extend_from_slice(text.as_bytes());
    }
    close_length(out, mark);
    Ok(())
}

/// Whether a message's wire bytes hold a mask that is not empty.
pub fn has_update_mask(schema: &Schema, mask: &UpdateMask, wire: &[u8]) -> bool {
    let number = schema.get(mask.message).fields[mask.at].number;
    let mut cursor = Cursor::new(wire);
    while let Ok(tag) = cursor.tag() {
        let held = match (tag >> 3 == number, tag & 7) {
            (true, 2) => cursor.delimited().map(|inside| !inside.is_empty()),
            _ => cursor.skip(tag, 0).map(|()| false),
        };
        match held {
            Ok(true) => return true,
            Ok(false) => {}
            Err(_) => return false,
        }
    }
    false
}

impl Reader<'_> {
    /// The paths of the members of the object that comes next.
    fn paths(
        &mut self,
        message: MessageId,
        prefix: &mut String,
        paths: &mut Vec<String>,
    ) -> Result {
        let plan = self.schema.get(message);
        if !self.enter(b'{', b'}', "an object")? {
            if !prefix.is_empty() {
                paths.push(prefix.clone());
            }
            return Ok(());
        }
        loop {
            let name = self.json.name()?;
            self.json.colon()?;
            let found = plan.by_name.find(name.decoded().as_bytes());
            match found.map(|at| &plan.fields[at]) {
                Some(field) if !field.extension => self.path(field, prefix, paths)?,
                _ => self.skip_value()?,
            }
            if !self.another(b'}')? {
                return Ok(());
            }
        }
    }

    fn path(&mut self, field: &Field, prefix: &mut String, paths: &mut Vec<String>) -> Result {
        let outer = prefix.len();
        if outer > 0 {
            prefix.push('.');
        }
        prefix.push_str(&field.name);
        let inner = field.kind.message().filter(|id| {
            field.shape == Shape::Singular && self.schema.get(*id).form == Form::Plain
        });
        match inner {
            Some(inner) if self.json.peek() == b'{' => {
                self.count()?;
                self.paths(inner, prefix, paths)?;
            }
            _ => {
                self.skip_value()?;
                paths.push(prefix.clone());
            }
        }
        prefix.truncate(outer);
        Ok(())
    }
}
