//! Files in editions, said in the words of proto2 and proto3, which is all that a
//! descriptor pool understands. What editions call features (presence, packing,
//! delimited messages, closed enums) is resolved and stated field by field; all
//! else, options and extensions included, is copied as it is.

mod descriptor;

use self::descriptor::*;
use super::wire::{Cursor, Malformed, close_length, open_length, put_varint};
use prost::Message;
use std::borrow::Cow;

/// A descriptor set with a file in an edition that is not known here, or with
/// broken wire bytes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct EditionsError(String);

/// Rewrites the files of an encoded `google.protobuf.FileDescriptorSet` that are
/// in edition 2023 or 2024. A set without any comes back as it is.
pub fn lower_editions(set: &[u8]) -> Result<Cow<'_, [u8]>, EditionsError> {
    let mut out = Vec::new();
    let mut lowered = false;
    let mut cursor = Cursor::new(set);
    while !cursor.is_empty() {
        let field = Part::next(&mut cursor)?;
        match field.inside(1) {
            Some(file) => {
                let head = decode::<FileHead>(file)?;
                lowered |= head.is_edition();
                put_message(1, &mut out, |out| match head.is_edition() {
                    true => File::resolve(head)?.lower(file, out),
                    false => copy(file, out),
                })?;
            }
            None => out.extend_from_slice(field.whole),
        }
    }
    Ok(if lowered {
        Cow::Owned(out)
    } else {
        Cow::Borrowed(set)
    })
}

/// One field of a message, in the bytes that it came in.
struct Part<'a> {
    tag: u32,
    whole: &'a [u8],
    value: Cursor<'a>,
}

impl<'a> Part<'a> {
    fn next(cursor: &mut Cursor<'a>) -> Result<Part<'a>, EditionsError> {
        let start = cursor.at;
        let tag = cursor.tag()?;
        let value = *cursor;
        cursor.skip(tag, 0)?;
        Ok(Part {
            tag,
            whole: &cursor.bytes[start..cursor.at],
            value,
        })
    }

    /// The bytes inside, if this is the length-delimited field `number`.
    fn inside(&self, number: u32) -> Option<&'a [u8]> {
        let mut value = self.value;
        match self.tag == number << 3 | 2 {
            true => value.delimited().ok().map(|inside| inside.rest()),
            false => None,
        }
    }
}

/// A file in an edition.
struct File {
    package: String,
    features: Features,
    /// Whether the file is said in proto3, because it has fields without presence.
    proto3: bool,
}

impl File {
    fn resolve(head: FileHead) -> Result<File, EditionsError> {
        let name = head.name.clone().unwrap_or_default();
        if !matches!(head.edition, Some(EDITION_2023 | EDITION_2024)) {
            return Err(EditionsError(format!(
                "{name} is in an edition that is not known here (number {}); 2023 and 2024 are",
                head.edition.unwrap_or_default()
            )));
        }
        let features = Features::default()
            .overlaid(head.options.as_ref().and_then(|options| options.features));
        let proto3 = features.presence == IMPLICIT || head.has_implicit();
        Ok(File {
            package: head.package.unwrap_or_default(),
            features,
            proto3,
        })
    }

    fn lower(&self, file: &[u8], out: &mut Vec<u8>) -> Result<(), EditionsError> {
        // First, so that what the file itself states comes later and holds.
        put_message(8, out, |out| {
            put_message(50, out, |out| {
                put_number(2, self.features.enum_type, out);
                Ok(())
            })
        })?;
        put_message(12, out, |out| {
            out.extend_from_slice(if self.proto3 { b"proto3" } else { b"proto2" });
            Ok(())
        })?;
        let mut cursor = Cursor::new(file);
        while !cursor.is_empty() {
            let part = Part::next(&mut cursor)?;
            if let Some(message) = part.inside(4) {
                put_message(4, out, |out| {
                    self.lower_message(message, &self.package, self.features, out)
                })?;
            } else if let Some(extension) = part.inside(7) {
                put_message(7, out, |out| {
                    self.lower_field(extension, self.features, &[], out)
                })?;
            } else if !matches!(part.tag >> 3, 12 | 14) {
                out.extend_from_slice(part.whole);
            }
        }
        Ok(())
    }

    fn lower_message(
        &self,
        message: &[u8],
        scope: &str,
        outer: Features,
        out: &mut Vec<u8>,
    ) -> Result<(), EditionsError> {
        let head = decode::<MessageHead>(message)?;
        let options = head.options.clone().unwrap_or_default();
        let features = outer.overlaid(options.features);
        let name = format!("{scope}.{}", head.name());
        let entries: Vec<String> = head
            .nested_type
            .iter()
            .filter(|nested| {
                nested
                    .options
                    .as_ref()
                    .is_some_and(|options| options.map_entry())
            })
            .map(|nested| format!(".{}.{}", name.trim_start_matches('.'), nested.name()))
            .collect();
        // Entries of maps are never delimited, and neither is what is in them.
        let of_fields = match options.map_entry() {
            true => Features {
                encoding: LENGTH_PREFIXED,
                ..features
            },
            false => features,
        };
        let mut cursor = Cursor::new(message);
        while !cursor.is_empty() {
            let part = Part::next(&mut cursor)?;
            if let Some(field) = part.inside(2) {
                put_message(2, out, |out| {
                    self.lower_field(field, of_fields, &entries, out)
                })?;
            } else if let Some(nested) = part.inside(3) {
                put_message(3, out, |out| {
                    self.lower_message(nested, &name, features, out)
                })?;
            } else if let Some(extension) = part.inside(6) {
                put_message(6, out, |out| {
                    self.lower_field(extension, features, &entries, out)
                })?;
            } else {
                out.extend_from_slice(part.whole);
            }
        }
        Ok(())
    }

    /// The field as it is, and after it what overrides parts of it.
    fn lower_field(
        &self,
        field: &[u8],
        outer: Features,
        entries: &[String],
        out: &mut Vec<u8>,
    ) -> Result<(), EditionsError> {
        let head = decode::<FieldHead>(field)?;
        let features = outer.overlaid(head.options.as_ref().and_then(|options| options.features));
        out.extend_from_slice(field);
        let is_message = head.kind() == TYPE_MESSAGE;
        let is_entry = is_message && entries.iter().any(|entry| entry == head.type_name());
        match head.label() == LABEL_REPEATED {
            true if is_message || matches!(head.kind(), TYPE_STRING | TYPE_BYTES) => {}
            true => put_message(8, out, |out| {
                put_number(2, i32::from(features.packing == PACKED), out);
                Ok(())
            })?,
            false if features.presence == LEGACY_REQUIRED => put_number(4, LABEL_REQUIRED, out),
            false => {
                let optional = features.presence == EXPLICIT && !is_message;
                if self.proto3 && optional && head.oneof_index.is_none() && head.extendee.is_none()
                {
                    put_number(17, 1, out);
                }
            }
        }
        if is_message && !is_entry && features.encoding == DELIMITED {
            put_number(5, TYPE_GROUP, out);
        }
        Ok(())
    }
}

fn put_message(
    number: u32,
    out: &mut Vec<u8>,
    inside: impl FnOnce(&mut Vec<u8>) -> Result<(), EditionsError>,
) -> Result<(), EditionsError> {
    put_varint(out, u64::from(number << 3 | 2));
    let mark = open_length(out);
    inside(out)?;
    close_length(out, mark);
    Ok(())
}

fn put_number(number: u32, value: i32, out: &mut Vec<u8>) {
    put_varint(out, u64::from(number << 3));
    put_varint(out, value as i64 as u64);
}

fn copy(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), EditionsError> {
    out.extend_from_slice(bytes);
    Ok(())
}

fn decode<M: Message + Default>(bytes: &[u8]) -> Result<M, EditionsError> {
    M::decode(bytes)
        .map_err(|error| EditionsError(format!("the descriptor set is broken: {error}")))
}

impl From<Malformed> for EditionsError {
    fn from(fault: Malformed) -> Self {
        EditionsError(format!("the descriptor set is broken: {}", fault.text()))
    }
}
