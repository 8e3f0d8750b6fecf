//! How spans are called: by whose conventions.

use std::str::FromStr;

/// The conventions for the names of spans, attributes and events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Names {
    /// OpenTelemetry's semantic conventions.
    #[default]
    Semconv,
    /// gRPC's own, of proposal A72; HTTP as the semantic conventions have it.
    GrpcA72,
    /// OpenCensus's, as its Go plugins for gRPC and HTTP write them.
    OpenCensus,
}

/// A text that names no conventions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one of semconv, grpc, opencensus")]
pub struct UnknownNames(String);

impl FromStr for Names {
    type Err = UnknownNames;

    fn from_str(text: &str) -> Result<Self, UnknownNames> {
        match text {
            "semconv" => Ok(Self::Semconv),
            "grpc" => Ok(Self::GrpcA72),
            "opencensus" => Ok(Self::OpenCensus),
            _ => Err(UnknownNames(text.to_owned())),
        }
    }
}
