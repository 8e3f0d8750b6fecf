//! Which formats are written for the next hop.

use std::fmt;
use std::ops::BitOr;

/// A set of formats to send upstream. All formats are always read.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Formats(u8);

/// An entry of `OTEL_PROPAGATORS` that has no effect here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableFormat {
    /// Not a name that we know.
    #[error(
        "unknown propagator `{0}` is ignored; the known ones are \
         tracecontext, baggage, b3, b3multi, xray and none"
    )]
    Unknown(String),
    /// A deprecated format.
    #[error("propagator `{0}` is read from every request but never sent; use tracecontext or b3")]
    ReadOnly(String),
    /// `none` beside others.
    #[error("propagator `none` is ignored because others are named beside it; name it alone")]
    NoneAmongOthers,
}

/// The names that OpenTelemetry gives them.
const NAMES: [(&str, Formats); 5] = [
    ("tracecontext", Formats::TRACE_CONTEXT),
    ("baggage", Formats::BAGGAGE),
    ("b3", Formats::B3),
    ("b3multi", Formats::B3_MULTI),
    ("xray", Formats::XRAY),
];

impl Formats {
    /// Nothing is sent.
    pub const NONE: Self = Self(0);
    /// W3C `traceparent` and `tracestate`.
    pub const TRACE_CONTEXT: Self = Self(1);
    /// W3C `baggage`.
    pub const BAGGAGE: Self = Self(1 << 1);
    /// The one header `b3`.
    pub const B3: Self = Self(1 << 2);
    /// The headers `x-b3-…`.
    pub const B3_MULTI: Self = Self(1 << 3);
    /// `x-amzn-trace-id`.
    pub const XRAY: Self = Self(1 << 4);

    /// Whether all of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Reads the value of `OTEL_PROPAGATORS`: names separated by commas, an
    /// empty value meaning the default. What has no effect is returned to be
    /// reported; it does not stop the program, as OpenTelemetry asks.
    pub fn from_env_value(value: &str) -> (Self, Vec<UnusableFormat>) {
        let mut formats = Self::NONE;
        let mut unusable = Vec::new();
        let mut none = false;
        for name in value
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            let lower = name.to_ascii_lowercase();
            match NAMES.iter().find(|(known, _)| *known == lower) {
                Some((_, format)) => formats = formats | *format,
                None if lower == "none" => none = true,
                None if matches!(lower.as_str(), "jaeger" | "ottrace") => {
                    unusable.push(UnusableFormat::ReadOnly(lower));
                }
                None => unusable.push(UnusableFormat::Unknown(name.to_owned())),
            }
        }
        if none && formats != Self::NONE {
            unusable.push(UnusableFormat::NoneAmongOthers);
        }
        if !none && formats == Self::NONE {
            formats = Self::default();
        }
        (formats, unusable)
    }
}

/// W3C trace context and baggage, OpenTelemetry's default.
impl Default for Formats {
    fn default() -> Self {
        Self::TRACE_CONTEXT | Self::BAGGAGE
    }
}

impl BitOr for Formats {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// As `OTEL_PROPAGATORS` spells it.
impl fmt::Display for Formats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NONE {
            return f.write_str("none");
        }
        let mut separator = "";
        for (name, _) in NAMES.iter().filter(|(_, format)| self.contains(*format)) {
            write!(f, "{separator}{name}")?;
            separator = ",";
        }
        Ok(())
    }
}

impl fmt::Debug for Formats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Formats({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(value: &str) -> (String, Vec<String>) {
        let (formats, unusable) = Formats::from_env_value(value);
        (
            formats.to_string(),
            unusable.iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn names_are_read_in_any_order_case_and_number() {
        let all = "tracecontext,baggage,b3,b3multi,xray";
        assert_eq!(spelled(all), (all.to_owned(), vec![]));
        assert_eq!(spelled(" XRay , b3,b3, "), ("b3,xray".to_owned(), vec![]));
        assert_eq!(spelled("none"), ("none".to_owned(), vec![]));
    }

    #[test]
    fn an_empty_value_is_the_default() {
        assert_eq!(spelled(""), ("tracecontext,baggage".to_owned(), vec![]));
        assert_eq!(spelled(" , "), ("tracecontext,baggage".to_owned(), vec![]));
    }

    #[test]
    fn what_has_no_effect_is_named() {
        let (formats, warnings) = spelled("b4,jaeger,none,b3");
        assert_eq!(formats, "b3");
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        assert!(warnings[0].contains("`b4`"), "{warnings:?}");
        assert!(warnings[1].contains("`jaeger` is read"), "{warnings:?}");
        assert!(warnings[2].contains("`none`"), "{warnings:?}");
        assert_eq!(spelled("b4").0, "tracecontext,baggage");
    }
}
