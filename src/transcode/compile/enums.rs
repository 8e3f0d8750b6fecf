//! Enums → plans. Whether an enum is open or closed is the one editions feature
//! that a pool does not expose; it is stated at the enum or at what encloses it.

use crate::transcode::names::NameTable;
use crate::transcode::schema::Enum;
use prost::Message as _;
use prost_reflect::{DescriptorPool, EnumDescriptor, FileDescriptor, Syntax};
use std::collections::HashMap;

pub(super) fn compile_enums(pool: &DescriptorPool, enums: &[EnumDescriptor]) -> Vec<Enum> {
    let mut stated = HashMap::new();
    for file in pool.files() {
        stated.extend(stated_enum_types(&file));
    }
    enums
        .iter()
        .map(|item| {
            let closed = match stated.get(item.full_name()) {
                Some(closed) => *closed,
                None => item.parent_file().syntax() == Syntax::Proto2,
            };
            compile_enum(item, closed)
        })
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

#[derive(Clone, PartialEq, prost::Message)]
struct File {
    #[prost(string, optional, tag = "2")]
    package: Option<String>,
    #[prost(message, repeated, tag = "4")]
    message_type: Vec<Declaration>,
    #[prost(message, repeated, tag = "5")]
    enum_type: Vec<EnumDeclaration>,
    #[prost(message, optional, tag = "8")]
    options: Option<FileOptions>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Declaration {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(message, repeated, tag = "3")]
    nested_type: Vec<Declaration>,
    #[prost(message, repeated, tag = "4")]
    enum_type: Vec<EnumDeclaration>,
    #[prost(message, optional, tag = "7")]
    options: Option<MessageOptions>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct EnumDeclaration {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(message, optional, tag = "3")]
    options: Option<EnumOptions>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct FileOptions {
    #[prost(message, optional, tag = "50")]
    features: Option<FeatureSet>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct MessageOptions {
    #[prost(message, optional, tag = "12")]
    features: Option<FeatureSet>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct EnumOptions {
    #[prost(message, optional, tag = "7")]
    features: Option<FeatureSet>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct FeatureSet {
    #[prost(int32, optional, tag = "2")]
    enum_type: Option<i32>,
}

const CLOSED: i32 = 2;

/// Full names of the enums for which the feature is stated, and whether it
/// makes them closed.
fn stated_enum_types(file: &FileDescriptor) -> Vec<(String, bool)> {
    let Ok(file) = File::decode(file.encode_to_vec().as_slice()) else {
        return Vec::new();
    };
    let stated = file
        .options
        .and_then(|options| options.features)
        .and_then(closed);
    let scope = file.package.unwrap_or_default();
    let mut found = Vec::new();
    collect(
        &scope,
        stated,
        &file.message_type,
        &file.enum_type,
        &mut found,
    );
    found
}

fn collect(
    scope: &str,
    outer: Option<bool>,
    messages: &[Declaration],
    enums: &[EnumDeclaration],
    found: &mut Vec<(String, bool)>,
) {
    let full = |name: &Option<String>| match (scope, name.as_deref().unwrap_or_default()) {
        ("", name) => name.to_owned(),
        (scope, name) => format!("{scope}.{name}"),
    };
    for item in enums {
        let own = item
            .options
            .as_ref()
            .and_then(|options| options.features.clone());
        if let Some(closed) = own.and_then(closed).or(outer) {
            found.push((full(&item.name), closed));
        }
    }
    for message in messages {
        let own = message
            .options
            .as_ref()
            .and_then(|options| options.features.clone());
        let stated = own.and_then(closed).or(outer);
        collect(
            &full(&message.name),
            stated,
            &message.nested_type,
            &message.enum_type,
            found,
        );
    }
}

fn closed(features: FeatureSet) -> Option<bool> {
    features.enum_type.map(|value| value == CLOSED)
}
