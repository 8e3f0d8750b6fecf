//! Rules from a file: the `http` section of a `google.api.Service` document in
//! YAML, which grpc-gateway reads as `grpc_api_configuration` and Google's tools as
//! the service configuration. Whether its selectors name methods is left to
//! `select`, whether its rules hold to `compile`.
//!
//! ```yaml
//! type: google.api.Service
//! config_version: 3
//! http:
//!   rules:
//!     - selector: library.v1.Library.GetBook
//!       get: /v1/{name=books/*}
//!       additional_bindings:
//!         - custom: { kind: HEAD, path: "/v1/{name=books/*}" }
//! ```
//!
//! The file may be there for others too: what stands outside `http` is passed over,
//! `type` and `config_version` aside. Inside `http` every key is known or an error.
//! As in ProtoJSON, keys may be written in snake case or in lower camel case.

use super::{option::HttpRule, reader::Reader};
use crate::yaml::{self, Place};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The HTTP rules of one `google.api.Service` file.
#[derive(Debug, Clone)]
pub struct ServiceConfig {
    pub(super) path: Arc<Path>,
    pub(super) rules: Vec<FileRule>,
}

/// One rule of a file.
#[derive(Debug, Clone)]
pub(super) struct FileRule {
    /// `pkg.Service.Method`, not yet known to be one.
    pub(super) selector: String,
    pub(super) http: HttpRule,
    /// Where the rule stands, and after it each of its additional bindings.
    pub(super) places: Vec<Place>,
}

/// One thing wrong with the form of a `google.api.Service` file. Prints as
/// `file:line:column: message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    path: PathBuf,
    place: Option<Place>,
    message: String,
}

impl ServiceConfig {
    /// Reads a file. All errors are returned at once.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Vec<ConfigError>> {
        let path = path.as_ref();
        let text = yaml::read(path).map_err(|error| {
            vec![ConfigError {
                path: path.to_owned(),
                place: None,
                message: format!("cannot read the rules: {error}"),
            }]
        })?;
        Self::parse(&text, path)
    }

    /// Reads the text of a file; `path` is what errors call it.
    pub fn parse(text: &str, path: impl AsRef<Path>) -> Result<Self, Vec<ConfigError>> {
        let path = path.as_ref();
        let mut reader = Reader::default();
        let rules = match yaml::parse(text) {
            Ok(root) => reader.document(root),
            Err(error) => {
                reader.faults.push((error.place, error.message));
                Vec::new()
            }
        };
        if reader.faults.is_empty() {
            let path = path.into();
            return Ok(Self { path, rules });
        }
        let error = |(place, message)| ConfigError {
            path: path.to_owned(),
            place,
            message,
        };
        Err(reader.faults.into_iter().map(error).collect())
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.path.display())?;
        if let Some(place) = self.place {
            write!(out, ":{place}")?;
        }
        write!(out, ": {}", self.message)
    }
}
