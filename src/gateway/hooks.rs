//! What a program that holds the gateway as a library may decide for itself: which
//! headers pass, and what errors look like. What gRPC and HTTP reserve for
//! themselves stays out of reach.

use super::builder::Builder;
use super::error::Error;
use crate::upstream::Code;
use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TE, TRAILER, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::fmt;
use std::sync::Arc;

/// Which headers pass between HTTP and gRPC, and under which names. Both methods are
/// given what the gateway would do by itself and may return that; it is what they do
/// unless they are written.
pub trait HeaderPolicy: Send + Sync + 'static {
    /// The metadata name of a request header; `None` leaves it out. Names that are
    /// reserved (`grpc-*`, trace context, hop-by-hop headers) are left out whatever
    /// this returns, and so is what the Connection header names.
    fn metadata_name(&self, header: &HeaderName, usual: Option<HeaderName>) -> Option<HeaderName> {
        let _ = header;
        usual
    }

    /// The response header of initial metadata, `Grpc-Metadata-…` as a rule; `None`
    /// leaves it out. Headers of the connection and of the body's form stay as they
    /// are whatever this returns.
    fn header_name(&self, metadata: &str, usual: HeaderName) -> Option<HeaderName> {
        let _ = metadata;
        Some(usual)
    }
}

/// An error that is about to be answered.
#[derive(Debug)]
pub struct ErrorReport<'a> {
    error: &'a Error,
    status: StatusCode,
    request: &'a HeaderMap,
}

/// The body of an answer that is an error.
#[derive(Debug, Clone)]
pub struct ErrorBody {
    /// Its media type.
    pub content_type: HeaderValue,
    /// The body.
    pub body: Bytes,
}

type ErrorShape = dyn Fn(&ErrorReport<'_>) -> Option<ErrorBody> + Send + Sync;

/// The hooks that are set.
#[derive(Clone, Default)]
pub(super) struct Hooks {
    headers: Option<Arc<dyn HeaderPolicy>>,
    errors: Option<Arc<ErrorShape>>,
}

impl Builder {
    /// Lets `policy` decide which headers pass.
    ///
    /// ```
    /// use http::HeaderName;
    /// use trestle::{descriptors, gateway::{Gateway, HeaderPolicy}};
    ///
    /// struct Policy;
    ///
    /// impl HeaderPolicy for Policy {
    ///     fn metadata_name(&self, header: &HeaderName, usual: Option<HeaderName>) -> Option<HeaderName> {
    ///         match header.as_str() {
    ///             "x-api-key" => Some(HeaderName::from_static("api-key")),
    ///             _ => usual,
    ///         }
    ///     }
    ///
    ///     fn header_name(&self, metadata: &str, usual: HeaderName) -> Option<HeaderName> {
    ///         match metadata {
    ///             "content-disposition" => Some(http::header::CONTENT_DISPOSITION),
    ///             "debug-info" => None,
    ///             _ => Some(usual),
    ///         }
    ///     }
    /// }
    ///
    /// let builder = Gateway::builder(descriptors::embedded()).header_policy(Policy);
    /// ```
    pub fn header_policy(mut self, policy: impl HeaderPolicy) -> Self {
        self.hooks.headers = Some(Arc::new(policy));
        self
    }

    /// Lets `shape` write the bodies of errors, in whatever form; where it returns
    /// `None`, they are what `Accept` asks for as ever. Status, metadata and the error
    /// records of streams that have begun stay as they are.
    ///
    /// ```
    /// use http::HeaderValue;
    /// use trestle::{descriptors, gateway::{ErrorBody, Gateway}};
    ///
    /// let builder = Gateway::builder(descriptors::embedded()).error_shape(|error| {
    ///     Some(ErrorBody {
    ///         content_type: HeaderValue::from_static("text/plain; charset=utf-8"),
    ///         body: format!("{}: {}\n", error.code(), error.message()).into(),
    ///     })
    /// });
    /// ```
    pub fn error_shape(
        mut self,
        shape: impl Fn(&ErrorReport<'_>) -> Option<ErrorBody> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.errors = Some(Arc::new(shape));
        self
    }
}

impl ErrorReport<'_> {
    /// The gRPC code.
    pub fn code(&self) -> Code {
        self.error.code()
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What went wrong.
    pub fn message(&self) -> &str {
        self.error.message()
    }

    /// The details of the status, as a JSON array.
    pub fn details(&self) -> String {
        serde_json::to_string(self.error.details()).expect("checked JSON serializes")
    }

    /// The headers of the request.
    pub fn request_headers(&self) -> &HeaderMap {
        self.request
    }
}

impl Hooks {
    /// The metadata name of a request header, before what is reserved is left out.
    pub(super) fn metadata_name(
        &self,
        header: &HeaderName,
        usual: Option<HeaderName>,
    ) -> Option<HeaderName> {
        match &self.headers {
            Some(policy) => policy.metadata_name(header, usual),
            None => usual,
        }
    }

    /// Names a response's metadata as the policy has it.
    pub(super) fn name_metadata(&self, prefix: &str, headers: &mut HeaderMap) {
        let Some(policy) = &self.headers else { return };
        let usual: Vec<HeaderName> = headers
            .keys()
            .filter(|name| name.as_str().starts_with(prefix))
            .cloned()
            .collect();
        for usual in usual {
            let metadata = &usual.as_str()[prefix.len()..];
            let name = policy.header_name(metadata, usual.clone());
            if name.as_ref() == Some(&usual) {
                continue;
            }
            let values: Vec<HeaderValue> = headers.get_all(&usual).iter().cloned().collect();
            headers.remove(&usual);
            if let Some(name) = name.filter(may_be_named) {
                for value in values {
                    headers.append(&name, value);
                }
            }
        }
    }

    /// The body of an error, where somebody else writes it.
    pub(super) fn error(
        &self,
        error: &Error,
        status: StatusCode,
        request: &HeaderMap,
    ) -> Option<ErrorBody> {
        let shape = self.errors.as_ref()?;
        shape(&ErrorReport {
            error,
            status,
            request,
        })
    }
}

fn may_be_named(name: &HeaderName) -> bool {
    ![
        CONNECTION,
        CONTENT_ENCODING,
        CONTENT_LENGTH,
        CONTENT_TYPE,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ]
    .contains(name)
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("headers", &self.headers.is_some())
            .field("errors", &self.errors.is_some())
            .finish()
    }
}
