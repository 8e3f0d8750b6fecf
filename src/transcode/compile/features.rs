//! The two features of protobuf editions for which a pool has no place: open enums
//! and implicit presence in files that are proto2 to the pool. `descriptors` sees
//! to it that they are stated where they hold, so what encloses the enum or the
//! field is not looked at.
//!
//! They are read from the files' bytes, since the pool's own types leave them out.

use prost::Message as _;
use prost_reflect::DescriptorPool;
use std::collections::HashSet;

/// Full names of the enums and the fields that state one.
#[derive(Default)]
pub(super) struct Stated {
    /// Enums with `enum_type = OPEN`.
    pub(super) open: HashSet<String>,
    /// Fields with `field_presence = IMPLICIT`.
    pub(super) implicit: HashSet<String>,
}

impl Stated {
    pub(super) fn in_files_of(pool: &DescriptorPool) -> Stated {
        let mut stated = Stated::default();
        for file in pool.files() {
            // A pool's file is well-formed, and no more of it is decoded here.
            if let Ok(file) = File::decode(file.encode_to_vec().as_slice()) {
                stated.collect(&file.package, &file.messages, &file.enums);
            }
        }
        stated
    }

    fn collect(&mut self, scope: &str, messages: &[Message], enums: &[Enum]) {
        let full_name = |scope: &str, name: &str| match scope {
            "" => name.to_owned(),
            scope => format!("{scope}.{name}"),
        };
        for item in enums {
            if item
                .options
                .and_then(|it| it.features)
                .and_then(|it| it.enum_type)
                == Some(OPEN)
            {
                self.open.insert(full_name(scope, &item.name));
            }
        }
        for message in messages {
            let scope = full_name(scope, &message.name);
            for field in &message.fields {
                let features = field.options.and_then(|options| options.features);
                if features.and_then(|features| features.field_presence) == Some(IMPLICIT) {
                    self.implicit.insert(full_name(&scope, &field.name));
                }
            }
            self.collect(&scope, &message.nested, &message.enums);
        }
    }
}

const OPEN: i32 = 1;
const IMPLICIT: i32 = 2;

// What of `google/protobuf/descriptor.proto` matters here.

#[derive(Clone, PartialEq, prost::Message)]
struct File {
    #[prost(string, tag = "2")]
    package: String,
    #[prost(message, repeated, tag = "4")]
    messages: Vec<Message>,
    #[prost(message, repeated, tag = "5")]
    enums: Vec<Enum>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Message {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    fields: Vec<Field>,
    #[prost(message, repeated, tag = "3")]
    nested: Vec<Message>,
    #[prost(message, repeated, tag = "4")]
    enums: Vec<Enum>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Field {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "8")]
    options: Option<FieldOptions>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct FieldOptions {
    #[prost(message, optional, tag = "21")]
    features: Option<Features>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Enum {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "3")]
    options: Option<EnumOptions>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct EnumOptions {
    #[prost(message, optional, tag = "7")]
    features: Option<Features>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Features {
    #[prost(int32, optional, tag = "1")]
    field_presence: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    enum_type: Option<i32>,
}
