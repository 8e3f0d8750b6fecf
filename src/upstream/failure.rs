//! Everything that can go wrong between a request's bytes and a reply's bytes,
//! each with the gRPC code that the specification gives it.

use super::status::{self, Status};
use h2::Reason;
use http::StatusCode;
use std::fmt;
use tonic::Code;

/// Why a call has no reply.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Failure {
    /// The backend answered with a status other than OK.
    Status(Box<Status>),
    /// No connection could be had; the text is for the log, not for callers.
    Unreachable(String),
    /// The connection broke while the call was under way; the text is for the log.
    ConnectionLost(String),
    /// The call's deadline passed.
    DeadlineExceeded,
    /// The backend reset the stream.
    Reset(Reason),
    /// The answer is not gRPC: an HTTP status without `grpc-status`, or a body of
    /// some other content type.
    NotGrpc(StatusCode),
    /// The answer ended without a `grpc-status`.
    NoStatus,
    /// The reply is larger than the limit, in bytes.
    TooLarge(usize),
    /// The answer breaks the gRPC protocol; the text says how.
    Protocol(&'static str),
}

impl Failure {
    /// The code, by "gRPC over HTTP/2" (Errors), statuscodes.md and
    /// http-grpc-status-mapping.md.
    pub fn code(&self) -> Code {
        match self {
            Self::Status(status) => status.code,
            Self::Unreachable(_) | Self::ConnectionLost(_) => Code::Unavailable,
            Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::Reset(reason) => code_of_reset(*reason),
            Self::NotGrpc(status) => status::code_of_http(*status),
            Self::NoStatus => Code::Unknown,
            Self::TooLarge(_) => Code::ResourceExhausted,
            Self::Protocol(_) => Code::Internal,
        }
    }
}

fn code_of_reset(reason: Reason) -> Code {
    match reason {
        Reason::REFUSED_STREAM => Code::Unavailable,
        Reason::CANCEL => Code::Cancelled,
        Reason::ENHANCE_YOUR_CALM => Code::ResourceExhausted,
        Reason::INADEQUATE_SECURITY => Code::PermissionDenied,
        _ => Code::Internal,
    }
}

impl From<h2::Error> for Failure {
    fn from(error: h2::Error) -> Self {
        match error.reason() {
            Some(reason) if error.is_reset() => Self::Reset(reason),
            _ => Self::ConnectionLost(error.to_string()),
        }
    }
}

/// What a caller may be told: the kind of fault, never addresses or the text of
/// errors from below.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => f.write_str(&status.message),
            Self::Unreachable(_) => {
                f.write_str("the backend is unavailable: no connection to it could be made")
            }
            Self::ConnectionLost(_) => f.write_str(
                "the backend is unavailable: the connection to it broke during the call",
            ),
            Self::DeadlineExceeded => {
                f.write_str("the deadline passed before the backend had answered")
            }
            Self::Reset(reason) => {
                write!(f, "the backend reset the stream: {}", reason.description())
            }
            Self::NotGrpc(status) => {
                write!(
                    f,
                    "the backend's answer is not gRPC (HTTP status {})",
                    status.as_u16()
                )
            }
            Self::NoStatus => f.write_str("the backend's answer ended without a grpc-status"),
            Self::TooLarge(limit) => {
                write!(
                    f,
                    "the backend's reply is larger than the limit of {limit} bytes"
                )
            }
            Self::Protocol(what) => {
                write!(f, "the backend's answer breaks the gRPC protocol: {what}")
            }
        }
    }
}

impl std::error::Error for Failure {}
