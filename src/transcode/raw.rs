//! `google.api.HttpBody`: a message that stands for bytes of some media type, to be
//! passed as they are where any other message would be JSON. Its wire form is
//! written and found by hand, so that the bytes are copied once at most. When a
//! body is passed so is left to others.

use super::error::WriteError;
use super::path::FieldPath;
use super::read;
use super::schema::{Field, Kind, Message, MessageId, Schema, Shape};
use super::wire::{Cursor, Malformed, close_length, open_length, put_varint};

const NAME: &str = "google.api.HttpBody";
const CONTENT_TYPE: u32 = 1;
const DATA: u32 = 2;

/// Where a message holds a `google.api.HttpBody`.
#[derive(Debug, Clone)]
pub struct RawPath {
    message: MessageId,
    /// Nothing where the message is one itself.
    field: Option<FieldPath>,
}

/// What a `google.api.HttpBody` holds; its extensions are not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RawBody<'a> {
    /// The media type, as it was given.
    pub content_type: &'a str,
    /// The bytes.
    pub data: &'a [u8],
}

impl Schema {
    /// Whether `field` of a message, or with `None` the message itself, is one
    /// `google.api.HttpBody`.
    pub fn raw_path(&self, message: MessageId, field: Option<&FieldPath>) -> Option<RawPath> {
        let body = match field {
            None => message,
            Some(path) => {
                let last = self.last(path);
                (last.shape == Shape::Singular).then(|| last.kind.message())??
            }
        };
        self.get(body).is_raw_body().then(|| RawPath {
            message,
            field: field.cloned(),
        })
    }
}

impl Message {
    fn is_raw_body(&self) -> bool {
        let kind = |number| {
            let field = &self.fields[self.position(number)?];
            (field.shape == Shape::Singular).then_some(field.kind)
        };
        *self.name == *NAME
            && kind(CONTENT_TYPE) == Some(Kind::String)
            && kind(DATA) == Some(Kind::Bytes)
    }
}

/// Appends a `google.api.HttpBody` in its place to `out`. `data` may be in pieces.
pub fn put_raw(
    schema: &Schema,
    path: &RawPath,
    content_type: &str,
    data: &[impl AsRef<[u8]>],
    out: &mut Vec<u8>,
) {
    let Some(field) = &path.field else {
        return put(content_type, data, out);
    };
    let written = read::within(schema, field, out, |last, out| {
        last.tag.put(out);
        match last.kind {
            Kind::Group(_) => {
                put(content_type, data, out);
                last.tag.end_group().put(out);
            }
            _ => {
                let mark = open_length(out);
                put(content_type, data, out);
                close_length(out, mark);
            }
        }
        Ok(())
    });
    debug_assert!(written.is_ok(), "writing bytes cannot fail");
}

fn put(content_type: &str, data: &[impl AsRef<[u8]>], out: &mut Vec<u8>) {
    if !content_type.is_empty() {
        put_varint(out, u64::from(CONTENT_TYPE << 3 | 2));
        put_varint(out, content_type.len() as u64);
        out.extend_from_slice(content_type.as_bytes());
    }
    let length: usize = data.iter().map(|piece| piece.as_ref().len()).sum();
    if length > 0 {
        put_varint(out, u64::from(DATA << 3 | 2));
        put_varint(out, length as u64);
        out.reserve(length);
        for piece in data {
            out.extend_from_slice(piece.as_ref());
        }
    }
}

/// Finds a `google.api.HttpBody` in its place in a message's wire bytes; where it is
/// unset, it is empty.
pub fn read_raw<'w>(
    schema: &Schema,
    path: &RawPath,
    wire: &'w [u8],
) -> Result<RawBody<'w>, WriteError> {
    let fields: Vec<&Field> = path
        .field
        .iter()
        .flat_map(|path| schema.along(path))
        .collect();
    let mut found = Found::default();
    find(schema, path.message, &fields, Cursor::new(wire), &mut found)
        .map_err(|fault| WriteError::new(fault.text()))?;
    let content_type = std::str::from_utf8(found.content_type)
        .map_err(|_| WriteError::new("content_type is not UTF-8"))?;
    Ok(RawBody {
        content_type,
        data: found.data,
    })
}

#[derive(Default)]
struct Found<'w> {
    content_type: &'w [u8],
    data: &'w [u8],
}

/// Looks along `fields`. What comes twice merges as protobuf says: the last value
/// counts, and another member of a oneof clears what was there.
fn find<'w>(
    schema: &Schema,
    message: MessageId,
    fields: &[&Field],
    mut cursor: Cursor<'w>,
    found: &mut Found<'w>,
) -> Result<(), Malformed> {
    let plan = schema.get(message);
    while !cursor.is_empty() {
        let tag = cursor.tag()?;
        let Some((field, below)) = fields.split_first() else {
            match (tag >> 3, tag & 7) {
                (CONTENT_TYPE, 2) => found.content_type = cursor.delimited()?.rest(),
                (DATA, 2) => found.data = cursor.delimited()?.rest(),
                (CONTENT_TYPE | DATA, _) => return Err(Malformed::WrongWireType),
                _ => cursor.skip(tag, 0)?,
            }
            continue;
        };
        if tag >> 3 == field.number {
            let inside = match (tag & 7, field.kind) {
                (2, Kind::Message(_)) => cursor.delimited()?,
                (3, Kind::Group(_)) => cursor.group(field.number, 0)?,
                _ => return Err(Malformed::WrongWireType),
            };
            if let Some(inner) = field.kind.message() {
                find(schema, inner, below, inside, found)?;
            }
            continue;
        }
        cursor.skip(tag, 0)?;
        let other = plan.position(tag >> 3).map(|at| &plan.fields[at]);
        if field.oneof.is_some() && other.is_some_and(|other| other.oneof == field.oneof) {
            *found = Found::default();
        }
    }
    Ok(())
}
