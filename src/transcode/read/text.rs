//! Fields from bare text: path variables and query parameters. A zero is written
//! too, because it overrides what stands before it on the wire.

use super::scalar::{put_text, wrong_text};
use super::special::{Zeros, put_string_form};
use super::{ReadOptions, Result, reading, within};
use crate::transcode::error::{ReadError, Reason, Step};
use crate::transcode::path::FieldPath;
use crate::transcode::schema::{Field, Form, Kind, Schema, Shape, Tag};
use crate::transcode::wire::{close_length, open_length};

/// Reads a text as one value of a field and appends the field, with its tag and
/// within its parents, to `out`. For a repeated field that is one more element.
///
/// On error `out` is as long as before.
pub fn text_to_field(
    schema: &Schema,
    path: &FieldPath,
    text: &str,
    options: &ReadOptions,
    out: &mut Vec<u8>,
) -> Result {
    let start = out.len();
    within(schema, path, out, |field, out| {
        match field.shape {
            Shape::Map => return Err(not_from_text("a map", "give each entry by its key")),
            // A packed run of one element.
            Shape::Packed => {
                field.tag.put(out);
                let mark = open_length(out);
                put_text(schema, field.kind, text, out)?;
                close_length(out, mark);
                return Ok(());
            }
            Shape::Singular | Shape::Repeated => field.tag.put(out),
        }
        put_value(schema, field, text, options, out)
    })
    .map_err(|error| {
        out.truncate(start);
        error.without_place()
    })
}

/// Reads key and value of one entry of a map field and appends the entry. Returns
/// the key as it stands on the wire, by which two spellings of one key are told.
///
/// On error `out` is as long as before.
pub fn text_to_map_entry(
    schema: &Schema,
    path: &FieldPath,
    key: &str,
    value: &str,
    options: &ReadOptions,
    out: &mut Vec<u8>,
) -> Result<Vec<u8>> {
    let start = out.len();
    within(schema, path, out, |field, out| {
        let (Shape::Map, Some(entry)) = (field.shape, field.kind.message()) else {
            return Err(wrong_text("no key: the field is not a map", key));
        };
        let (key_field, value_field) = schema.get(entry).entry();
        field.tag.put(out);
        let mark = open_length(out);
        key_field.tag.put(out);
        let from = out.len();
        let written = put_text(schema, key_field.kind, key, out)
            .and_then(|()| {
                let written = out[from..].to_vec();
                value_field.tag.put(out);
                put_value(schema, value_field, value, options, out)?;
                Ok(written)
            })
            .map_err(|error| error.under(Step::Key(key)))?;
        close_length(out, mark);
        Ok(written)
    })
    .map_err(|error| {
        out.truncate(start);
        error.without_place()
    })
}

/// One value without the tag that starts it.
fn put_value(
    schema: &Schema,
    field: &Field,
    text: &str,
    options: &ReadOptions,
    out: &mut Vec<u8>,
) -> Result {
    let (id, end) = match field.kind {
        Kind::Message(id) => (id, None),
        Kind::Group(id) => (id, Some(field.tag.end_group())),
        kind => return put_text(schema, kind, text, out),
    };
    let plan = schema.get(id);
    let mark = end.is_none().then(|| open_length(out));
    match plan.form {
        Form::Plain | Form::Any => {
            return Err(not_from_text(&plan.name, "name one of its fields instead"));
        }
        Form::Struct | Form::Value | Form::ListValue => {
            reading(schema, text.as_bytes(), options, out, |reader| {
                reader.root(id)
            })?;
        }
        _ => put_string_form(schema, plan, text, Zeros::Write, out)?,
    }
    match mark {
        Some(mark) => close_length(out, mark),
        None => end.into_iter().for_each(|tag: Tag| tag.put(out)),
    }
    Ok(())
}

#[cold]
fn not_from_text(what: &str, advice: &str) -> ReadError {
    ReadError::new(
        Reason::WrongType,
        format!("{what} cannot be given as a single text; {advice}"),
    )
}
