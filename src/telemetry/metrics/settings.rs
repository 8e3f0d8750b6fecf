//! How metrics are named, as the operator says it.

use std::str::FromStr;

/// How metrics are named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Which system's names gRPC calls are counted under.
    pub names: Names,
    /// What all names in Prometheus begin with, if anything.
    pub namespace: Option<Namespace>,
}

/// A system of names for gRPC calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Names {
    /// gRFC A66, which gRPC's own OpenTelemetry plugins follow.
    #[default]
    Grpc,
    /// The default views of OpenCensus.
    OpenCensus,
    /// Both, for the time of a move from one to the other.
    Both,
}

/// The beginning of a metric name, `_` at its end included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace(String);

impl FromStr for Names {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "grpc" => Ok(Self::Grpc),
            "opencensus" => Ok(Self::OpenCensus),
            "both" => Ok(Self::Both),
            _ => Err(format!("`{text}` is not one of grpc, opencensus, both")),
        }
    }
}

impl FromStr for Namespace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let first = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !first || !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(format!(
                "`{text}` cannot begin a metric name; use letters, digits and `_`, such as `fetchit`"
            ));
        }
        Ok(Self(format!("{}_", text.trim_end_matches('_'))))
    }
}

impl Namespace {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_begin_metric_names() {
        for (text, expected) in [("fetchit", "fetchit_"), ("a_1_", "a_1_"), ("_x", "_x_")] {
            assert_eq!(text.parse::<Namespace>().unwrap().as_str(), expected);
        }
        for bad in ["", "1a", "a-b", "a:b", "é"] {
            assert!(bad.parse::<Namespace>().is_err(), "{bad}");
        }
    }
}
