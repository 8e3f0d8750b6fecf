//! `google.api.http` rules and path templates, resolved against descriptors to
//! [`Binding`]s: which HTTP method and path stands for which gRPC method, and
//! which field of its messages each part of the exchange fills.
//!
//! Everything that can be wrong with a rule is found here, at start-up, all of it
//! at once. Matching requests is left to `route`, reading bodies and queries to
//! `gateway`.
//!
//! What a rule may say, where the comment of `google/api/http.proto` leaves room:
//! - `GET` and `HEAD` may not have a `body`; `DELETE` may.
//! - `body` and `response_body` may be dotted paths, as in grpc-gateway and Envoy.
//! - A path variable may fill a field below the body field (`body: "book"` with
//!   `{book.name=…}` is how updates are commonly written), but not that field.
//! - Path and body may not set two members of one oneof: one would clear the other.
//! - `additional_bindings` go one level deep.
//!
//! Rules come from annotations and from files ([`ServiceConfig`]); methods that have
//! none can be mapped automatically ([`AutoMap`]). Where sources meet:
//! - A rule of a file replaces the annotation of its method, the annotation's
//!   additional bindings included, as the comment of `google/api/http.proto` says;
//!   grpc-gateway keeps both.
//! - Two rules in files for one method are an error that names both, stricter than
//!   "last one wins": which of two files is the last is not for a flag to hide.
//! - A selector is the full name of one method, as in grpc-gateway. The lists and
//!   wildcards of other service configuration rules are refused: a path stands for
//!   one method, and for many it could only conflict with itself.
//! - A selector of no method is an error; so is a file without rules.

mod annotated;
mod compile;
mod error;
mod fields;
mod option;
mod origin;
mod parse;
mod reader;
mod select;
mod service_config;
mod settings;
mod template;

pub use compile::{compile, compile_with};
pub use error::RuleError;
pub use origin::place;
pub use parse::TemplateError;
pub use service_config::{ConfigError, ServiceConfig};
pub use settings::{AutoMap, Settings};
pub use template::{MAX_SEGMENTS, Segment, Template, Variable};

use crate::transcode::{FieldPath, MessageId};
use http::uri::PathAndQuery;
use std::{fmt, ops::Range, path::Path, sync::Arc};

/// One HTTP method and path template of one gRPC method.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The gRPC method it calls.
    pub method: Arc<Method>,
    /// The HTTP method it answers.
    pub http: MethodMatch,
    /// The paths it answers.
    pub template: Template,
    /// The template's variables, in its order, resolved to request fields.
    pub captures: Vec<Capture>,
    /// Which request field the HTTP request body fills.
    pub body: BodySelector,
    /// Which reply field becomes the HTTP response body.
    pub reply: ReplySelector,
    /// 0 for the rule itself, n for the n-th of its `additional_bindings`.
    pub index: usize,
    /// Where the rule comes from.
    pub source: Source,
}

/// Where a rule comes from. Prints as `annotation`, `FILE:LINE` or `auto`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The `google.api.http` option of the method.
    Annotation,
    /// A `google.api.Service` file.
    File {
        /// The file, as it was named.
        path: Arc<Path>,
        /// The line of the rule, from 1.
        line: usize,
        /// Whether the method has an annotation, which this rule replaces.
        replaces_annotation: bool,
    },
    /// Nobody's rule: `POST /{package.Service}/{Method}`.
    Auto,
}

/// A template variable and the request field it fills.
#[derive(Debug, Clone)]
pub struct Capture {
    /// The field, never repeated, a map or a message without a text form.
    pub field: FieldPath,
    /// Which of the template's segments make its value.
    pub segments: Range<usize>,
    /// Whether the value may span several path segments, which keeps its
    /// reserved characters percent-encoded.
    pub multi: bool,
}

/// A gRPC method, as much of it as a call needs.
#[derive(Debug)]
pub struct Method {
    /// `pkg.Service.Method`.
    pub full_name: String,
    /// `/pkg.Service/Method`.
    pub path: PathAndQuery,
    /// The request message.
    pub input: MessageId,
    /// The reply message.
    pub output: MessageId,
    /// Whether the client sends a stream.
    pub client_streaming: bool,
    /// Whether the server sends a stream.
    pub server_streaming: bool,
    /// Whether the method is marked deprecated.
    pub deprecated: bool,
    /// What repeating a call may do.
    pub idempotency: Idempotency,
}

impl Method {
    /// Whether either side sends a stream.
    pub fn is_streaming(&self) -> bool {
        self.client_streaming || self.server_streaming
    }
}

/// The `idempotency_level` of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Idempotency {
    /// Nothing is promised.
    #[default]
    Unknown,
    /// The method only reads.
    NoSideEffects,
    /// Calling it twice does what calling it once does.
    Idempotent,
}

/// Which HTTP methods a binding answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MethodMatch {
    /// Exactly this one.
    Exact(http::Method),
    /// All of them: the custom kind `*`.
    Any,
}

/// What the HTTP request body fills.
#[derive(Debug, Clone)]
pub enum BodySelector {
    /// There is no body; what the path does not bind comes from the query.
    None,
    /// Every field that the path does not bind.
    Whole,
    /// One field; the rest comes from the query.
    Field(FieldPath),
}

/// What the HTTP response body is made of.
#[derive(Debug, Clone)]
pub enum ReplySelector {
    /// The whole reply.
    Whole,
    /// One field of it.
    Field(FieldPath),
}

impl fmt::Display for MethodMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MethodMatch::Exact(method) => f.write_str(method.as_str()),
            MethodMatch::Any => f.write_str("*"),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Annotation => f.write_str("annotation"),
            Source::File { path, line, .. } => write!(f, "{}:{line}", path.display()),
            Source::Auto => f.write_str("auto"),
        }
    }
}
