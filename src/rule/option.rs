//! Reads `google.api.http` off methods. What the rules mean is left to `compile`.
//!
//! The option is read from the file descriptor's own bytes with the field numbers
//! of `google/api/http.proto`, not through the pool's idea of that file: a pool may
//! hold an older copy, a copy with fewer fields, or none at all, and bytes that do
//! not fit the pool's copy must be an error here and not a panic there.

use prost::{Message as _, bytes::Bytes};
use prost_reflect::FileDescriptor;

/// `google.api.HttpRule`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct HttpRule {
    #[prost(oneof = "Pattern", tags = "2, 3, 4, 5, 6, 8")]
    pub(super) pattern: Option<Pattern>,
    #[prost(string, tag = "7")]
    pub(super) body: String,
    #[prost(string, tag = "12")]
    pub(super) response_body: String,
    #[prost(message, repeated, tag = "11")]
    pub(super) additional_bindings: Vec<HttpRule>,
}

/// The oneof of [`HttpRule`].
#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Pattern {
    #[prost(string, tag = "2")]
    Get(String),
    #[prost(string, tag = "3")]
    Put(String),
    #[prost(string, tag = "4")]
    Post(String),
    #[prost(string, tag = "5")]
    Delete(String),
    #[prost(string, tag = "6")]
    Patch(String),
    #[prost(message, tag = "8")]
    Custom(CustomHttpPattern),
}

/// `google.api.CustomHttpPattern`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CustomHttpPattern {
    #[prost(string, tag = "1")]
    pub(super) kind: String,
    #[prost(string, tag = "2")]
    pub(super) path: String,
}

impl Pattern {
    /// The HTTP method, or the custom kind, and the template, as written.
    pub(super) fn parts(&self) -> (&str, &str) {
        match self {
            Pattern::Get(path) => ("GET", path),
            Pattern::Put(path) => ("PUT", path),
            Pattern::Post(path) => ("POST", path),
            Pattern::Delete(path) => ("DELETE", path),
            Pattern::Patch(path) => ("PATCH", path),
            Pattern::Custom(custom) => (&custom.kind, &custom.path),
        }
    }

    /// The number of the field of [`HttpRule`] that it stands in.
    pub(super) fn field_number(&self) -> i32 {
        match self {
            Pattern::Get(_) => 2,
            Pattern::Put(_) => 3,
            Pattern::Post(_) => 4,
            Pattern::Delete(_) => 5,
            Pattern::Patch(_) => 6,
            Pattern::Custom(_) => 8,
        }
    }
}

/// What of a method's options matters here.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct MethodOptions {
    #[prost(bool, tag = "33")]
    pub(super) deprecated: bool,
    #[prost(int32, tag = "34")]
    pub(super) idempotency_level: i32,
    /// An option set piece by piece may come in pieces; protobuf merges them.
    #[prost(bytes = "bytes", repeated, tag = "72295728")]
    http: Vec<Bytes>,
}

impl MethodOptions {
    /// The rule, if the method has one.
    pub(super) fn rule(&self) -> Result<Option<HttpRule>, prost::DecodeError> {
        if self.http.is_empty() {
            return Ok(None);
        }
        let mut rule = HttpRule::default();
        for piece in &self.http {
            rule.merge(piece.clone())?;
        }
        Ok(Some(rule))
    }
}

// The path from a file to its methods' options, which stay bytes on the way so
// that one method's bad option is that method's error alone.
#[derive(Clone, PartialEq, prost::Message)]
struct File {
    #[prost(message, repeated, tag = "6")]
    services: Vec<Service>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Service {
    #[prost(message, repeated, tag = "2")]
    methods: Vec<Method>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Method {
    #[prost(bytes = "bytes", repeated, tag = "4")]
    options: Vec<Bytes>,
}

/// The options of every method of one file.
#[derive(Debug)]
pub(super) struct FileOptions(File);

impl FileOptions {
    pub(super) fn read(file: &FileDescriptor) -> Result<FileOptions, prost::DecodeError> {
        File::decode(Bytes::from(file.encode_to_vec())).map(FileOptions)
    }

    /// The options of the method at these indices within the file.
    pub(super) fn method(
        &self,
        service: usize,
        method: usize,
    ) -> Result<MethodOptions, prost::DecodeError> {
        let mut options = MethodOptions::default();
        let found = self
            .0
            .services
            .get(service)
            .and_then(|s| s.methods.get(method));
        for piece in found.into_iter().flat_map(|m| &m.options) {
            options.merge(piece.clone())?;
        }
        Ok(options)
    }
}
