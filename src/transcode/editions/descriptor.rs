//! The parts of `descriptor.proto` that matter for editions, and its numbers.

use prost::Message;

pub(super) const EDITION_2023: i32 = 1000;
pub(super) const EDITION_2024: i32 = 1001;
pub(super) const LABEL_REQUIRED: i32 = 2;
pub(super) const LABEL_REPEATED: i32 = 3;
pub(super) const TYPE_STRING: i32 = 9;
pub(super) const TYPE_GROUP: i32 = 10;
pub(super) const TYPE_MESSAGE: i32 = 11;
pub(super) const TYPE_BYTES: i32 = 12;
pub(super) const EXPLICIT: i32 = 1;
pub(super) const IMPLICIT: i32 = 2;
pub(super) const LEGACY_REQUIRED: i32 = 3;
pub(super) const OPEN: i32 = 1;
pub(super) const PACKED: i32 = 1;
pub(super) const LENGTH_PREFIXED: i32 = 1;
pub(super) const DELIMITED: i32 = 2;

/// Resolved features. The defaults are those of editions 2023 and 2024.
#[derive(Clone, Copy)]
pub(super) struct Features {
    pub(super) presence: i32,
    pub(super) enum_type: i32,
    pub(super) packing: i32,
    pub(super) encoding: i32,
}

impl Default for Features {
    fn default() -> Self {
        Features {
            presence: EXPLICIT,
            enum_type: OPEN,
            packing: PACKED,
            encoding: LENGTH_PREFIXED,
        }
    }
}

impl Features {
    pub(super) fn overlaid(self, stated: Option<FeatureSet>) -> Features {
        let stated = stated.unwrap_or_default();
        Features {
            presence: stated.field_presence.unwrap_or(self.presence),
            enum_type: stated.enum_type.unwrap_or(self.enum_type),
            packing: stated.repeated_field_encoding.unwrap_or(self.packing),
            encoding: stated.message_encoding.unwrap_or(self.encoding),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct FeatureSet {
    #[prost(int32, optional, tag = "1")]
    pub(super) field_presence: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(super) enum_type: Option<i32>,
    #[prost(int32, optional, tag = "3")]
    pub(super) repeated_field_encoding: Option<i32>,
    #[prost(int32, optional, tag = "5")]
    pub(super) message_encoding: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct FileHead {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(super) package: Option<String>,
    #[prost(message, repeated, tag = "4")]
    pub(super) message_type: Vec<MessageHead>,
    #[prost(message, optional, tag = "8")]
    pub(super) options: Option<FileOptions>,
    #[prost(string, optional, tag = "12")]
    pub(super) syntax: Option<String>,
    #[prost(int32, optional, tag = "14")]
    pub(super) edition: Option<i32>,
}

impl FileHead {
    pub(super) fn is_edition(&self) -> bool {
        self.syntax.as_deref() == Some("editions")
    }

    /// Whether anything in the file states that fields have no presence.
    pub(super) fn has_implicit(&self) -> bool {
        self.message_type.iter().any(MessageHead::has_implicit)
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MessageHead {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(message, repeated, tag = "2")]
    pub(super) field: Vec<FieldHead>,
    #[prost(message, repeated, tag = "3")]
    pub(super) nested_type: Vec<MessageHead>,
    #[prost(message, optional, tag = "7")]
    pub(super) options: Option<MessageOptions>,
}

impl MessageHead {
    pub(super) fn has_implicit(&self) -> bool {
        let implicit = |stated: Option<FeatureSet>| {
            stated.is_some_and(|features| features.field_presence == Some(IMPLICIT))
        };
        implicit(self.options.as_ref().and_then(|options| options.features))
            || self
                .field
                .iter()
                .any(|field| implicit(field.options.as_ref().and_then(|options| options.features)))
            || self.nested_type.iter().any(MessageHead::has_implicit)
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct FieldHead {
    #[prost(string, optional, tag = "2")]
    pub(super) extendee: Option<String>,
    #[prost(int32, optional, tag = "4")]
    pub(super) label: Option<i32>,
    #[prost(int32, optional, tag = "5")]
    pub(super) kind: Option<i32>,
    #[prost(string, optional, tag = "6")]
    pub(super) type_name: Option<String>,
    #[prost(message, optional, tag = "8")]
    pub(super) options: Option<FieldOptions>,
    #[prost(int32, optional, tag = "9")]
    pub(super) oneof_index: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct FileOptions {
    #[prost(message, optional, tag = "50")]
    pub(super) features: Option<FeatureSet>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MessageOptions {
    #[prost(bool, optional, tag = "7")]
    pub(super) map_entry: Option<bool>,
    #[prost(message, optional, tag = "12")]
    pub(super) features: Option<FeatureSet>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct FieldOptions {
    #[prost(message, optional, tag = "21")]
    pub(super) features: Option<FeatureSet>,
}
