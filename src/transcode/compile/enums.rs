//! Enums → plans.

use super::features::Stated;
use crate::transcode::names::NameTable;
use crate::transcode::schema::Enum;
use prost_reflect::{EnumDescriptor, Syntax};

pub(super) fn compile_enums(enums: &[EnumDescriptor], stated: &Stated) -> Vec<Enum> {
    let closed = |item: &EnumDescriptor| {
        item.parent_file().syntax() == Syntax::Proto2 && !stated.open.contains(item.full_name())
    };
    enums
        .iter()
        .map(|item| compile_enum(item, closed(item)))
        .collect()
}

fn compile_enum(item: &EnumDescriptor, closed: bool) -> Enum {
    let is_null = item.full_name() == "google.protobuf.NullValue";
    // Not `values()`, which is not in the order of declaration.
    let values = &item.enum_descriptor_proto().value;
    let mut printed: Vec<(i32, Box<[u8]>)> = values
        .iter()
        .map(|value| match is_null {
            true => (value.number(), b"null".as_slice().into()),
            false => (
                value.number(),
                format!("\"{}\"", value.name()).into_bytes().into(),
            ),
        })
        .collect();
    // Stable, so that of aliases the one declared first is printed.
    printed.sort_by_key(|entry| entry.0);
    printed.dedup_by_key(|entry| entry.0);
    Enum {
        name: item.full_name().into(),
        closed,
        is_null,
        by_name: NameTable::new(
            values
                .iter()
                .enumerate()
                .map(|(at, value)| (value.name(), at)),
        ),
        numbers: values.iter().map(|value| value.number()).collect(),
        printed: printed.into(),
    }
}
