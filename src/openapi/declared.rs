//! What of `google/protobuf/descriptor.proto` and of the options in it matters to
//! the document. Options stay bytes, so that one that cannot be read takes nothing
//! else with it. What they mean is left to `notes`.

use prost::bytes::Bytes;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct File {
    #[prost(string, tag = "2")]
    pub(super) package: String,
    #[prost(message, repeated, tag = "4")]
    pub(super) messages: Vec<Message>,
    #[prost(message, repeated, tag = "5")]
    pub(super) enums: Vec<Enum>,
    #[prost(message, repeated, tag = "6")]
    pub(super) services: Vec<Service>,
    #[prost(bytes = "bytes", repeated, tag = "8")]
    pub(super) options: Vec<Bytes>,
    #[prost(message, optional, tag = "9")]
    pub(super) source_info: Option<SourceInfo>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Message {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) fields: Vec<Field>,
    #[prost(message, repeated, tag = "3")]
    pub(super) nested: Vec<Message>,
    #[prost(message, repeated, tag = "4")]
    pub(super) enums: Vec<Enum>,
    #[prost(bytes = "bytes", repeated, tag = "7")]
    pub(super) options: Vec<Bytes>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Field {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(bytes = "bytes", repeated, tag = "8")]
    pub(super) options: Vec<Bytes>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Enum {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) values: Vec<EnumValue>,
    #[prost(bytes = "bytes", repeated, tag = "3")]
    pub(super) options: Vec<Bytes>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct EnumValue {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(bytes = "bytes", repeated, tag = "3")]
    pub(super) options: Vec<Bytes>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Service {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) methods: Vec<Method>,
    #[prost(bytes = "bytes", repeated, tag = "3")]
    pub(super) options: Vec<Bytes>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Method {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(bytes = "bytes", repeated, tag = "4")]
    pub(super) options: Vec<Bytes>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SourceInfo {
    #[prost(message, repeated, tag = "1")]
    pub(super) locations: Vec<Location>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Location {
    #[prost(int32, repeated, tag = "1")]
    pub(super) path: Vec<i32>,
    #[prost(string, tag = "3")]
    pub(super) leading: String,
    #[prost(string, tag = "4")]
    pub(super) trailing: String,
}

/// The options that any kind of element may carry, under the same numbers.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Shared {
    #[prost(bytes = "bytes", repeated, tag = "1042")]
    pub(super) openapiv2: Vec<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "1295")]
    pub(super) openapiv3: Vec<Bytes>,
    #[prost(message, optional, tag = "72295727")]
    pub(super) visibility: Option<Visibility>,
}

/// `google.api.VisibilityRule`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Visibility {
    #[prost(string, tag = "2")]
    pub(super) restriction: String,
}

/// `google.api.resource_definition` of a file, `google.api.resource` of a message.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Resources {
    #[prost(message, repeated, tag = "1053")]
    pub(super) resources: Vec<Resource>,
}

/// `google.api.ResourceDescriptor`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Resource {
    #[prost(string, tag = "1")]
    pub(super) kind: String,
    #[prost(string, repeated, tag = "2")]
    pub(super) patterns: Vec<String>,
}

/// The options of fields alone.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct OfFields {
    /// Numbers of `google.api.FieldBehavior`.
    #[prost(int32, repeated, tag = "1052")]
    pub(super) behaviors: Vec<i32>,
    #[prost(message, optional, tag = "1055")]
    pub(super) reference: Option<Reference>,
}

/// `google.api.ResourceReference`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Reference {
    #[prost(string, tag = "1")]
    pub(super) kind: String,
}

/// `deprecated` where files have it.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct DeprecatedFile {
    #[prost(bool, tag = "23")]
    pub(super) deprecated: bool,
}

/// `deprecated` where messages, fields and enums have it.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct DeprecatedType {
    #[prost(bool, tag = "3")]
    pub(super) deprecated: bool,
}

/// `deprecated` where enum values have it.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct DeprecatedValue {
    #[prost(bool, tag = "1")]
    pub(super) deprecated: bool,
}

/// `deprecated` where services and methods have it.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct DeprecatedCall {
    #[prost(bool, tag = "33")]
    pub(super) deprecated: bool,
}
