//! Why a command did not do what it was asked, as it is told on stderr.

use crate::server::{BindError, RunError};
use std::{fmt, io, process::ExitCode};

/// Every error that was found, and what to do about it.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    errors: Vec<String>,
    help: Option<String>,
}

impl Failure {
    /// The usage or the configuration is wrong.
    pub(super) fn usage(errors: Vec<String>) -> Self {
        let help = None;
        Self {
            code: 2,
            errors,
            help,
        }
    }

    /// The usage is right, and yet it did not work.
    pub(super) fn failed(error: impl fmt::Display) -> Self {
        let (errors, help) = (vec![error.to_string()], None);
        Self {
            code: 1,
            errors,
            help,
        }
    }

    /// `error` kept the address of `flag` from being listened on.
    pub(super) fn bind(flag: &str, error: &BindError) -> Self {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => "choose another port, or port 0 for any that is free",
            io::ErrorKind::AddrNotAvailable => "choose an address of this machine",
            io::ErrorKind::PermissionDenied => "choose a port above 1023",
            _ => "choose another address",
        };
        Self::failed(format!("{flag}: {error}")).help(format!("{advice}: {flag} IP:PORT"))
    }

    /// Says what to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Ends the program with another exit code than its kind has.
    pub(super) fn with_code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        self.code.into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.errors {
            writeln!(out, "error: {error}")?;
        }
        match &self.help {
            Some(help) => writeln!(out, "help: {help}"),
            None => Ok(()),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::failed(error)
    }
}
