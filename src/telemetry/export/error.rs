//! Why export cannot start.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// Why export cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that the settings name is not as it should be.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system has no certificates to trust.
    #[error(
        "no root certificates are found on this system: {0}; install its ca-certificates, or name a file in OTEL_EXPORTER_OTLP_CERTIFICATE"
    )]
    NoRoots(io::Error),
    /// Google's spans belong to a project, and none is known.
    #[error(
        "OTEL_TRACES_EXPORTER: `google` needs a project, and the credentials name none; set GOOGLE_CLOUD_PROJECT"
    )]
    NoProject,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
    /// The system gives no thread, or nothing to wait on.
    #[error("the export thread cannot be started: {0}")]
    Thread(#[from] io::Error),
}

impl Error {
    pub(super) fn file(path: &Path, reason: impl fmt::Display) -> Self {
        Self::File {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}
