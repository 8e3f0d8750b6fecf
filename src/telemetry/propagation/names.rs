//! The names of all headers that carry trace context, and how to tell them from
//! the rest quickly: nearly every header of a request is something else.

/// A header that is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Name {
    Traceparent,
    Tracestate,
    Baggage,
    B3,
    B3TraceId,
    B3SpanId,
    B3ParentSpanId,
    B3Sampled,
    B3Flags,
    XRay,
    GrpcTraceBin,
    CloudTrace,
    Jaeger,
    OtTraceId,
    OtSpanId,
    OtSampled,
}

impl Name {
    pub(super) const COUNT: usize = Self::OtSampled as usize + 1;

    /// The header with this lower-case name, if it is one of ours. The match
    /// compares lengths first, so other names cost a few instructions.
    pub(super) fn recognize(name: &str) -> Option<Self> {
        Some(match name {
            "traceparent" => Self::Traceparent,
            "tracestate" => Self::Tracestate,
            "baggage" => Self::Baggage,
            "b3" => Self::B3,
            "x-b3-traceid" => Self::B3TraceId,
            "x-b3-spanid" => Self::B3SpanId,
            "x-b3-parentspanid" => Self::B3ParentSpanId,
            "x-b3-sampled" => Self::B3Sampled,
            "x-b3-flags" => Self::B3Flags,
            "x-amzn-trace-id" => Self::XRay,
            "grpc-trace-bin" => Self::GrpcTraceBin,
            "x-cloud-trace-context" => Self::CloudTrace,
            "uber-trace-id" => Self::Jaeger,
            "ot-tracer-traceid" => Self::OtTraceId,
            "ot-tracer-spanid" => Self::OtSpanId,
            "ot-tracer-sampled" => Self::OtSampled,
            _ => return None,
        })
    }
}

/// Companions of the headers above that are never read, only stripped.
const UNREAD: [&str; 4] = [
    "jaeger-debug-id",
    "jaeger-baggage",
    "grpc-tags-bin",
    "traceresponse",
];
/// Families of them.
const UNREAD_PREFIXES: [&str; 3] = ["uberctx-", "ot-baggage-", "x-b3-"];
/// What a caller puts before a name to have it sent as gRPC metadata.
const METADATA_PREFIX: &[u8] = b"grpc-metadata-";
/// Longer than any name above but those of the open families.
const LONGEST: usize = 32;

/// Whether a header or metadata key belongs to some trace context format, so
/// that only what [`inject`](super::inject()) writes goes upstream.
///
/// All spellings count: any case, `_` for `-` (some servers fold the two), and
/// any number of `Grpc-Metadata-` prefixes, by which a caller could otherwise
/// smuggle a second trace context past the gateway.
pub fn is_trace_header(name: &str) -> bool {
    let mut name = name.as_bytes();
    while starts_with(name, METADATA_PREFIX) {
        name = &name[METADATA_PREFIX.len()..];
    }
    // Only the start of a long name matters, and it can only be of a family.
    let mut folded = [0; LONGEST];
    let length = name.len().min(LONGEST);
    for (to, from) in folded.iter_mut().zip(name) {
        *to = fold(*from);
    }
    let Ok(start) = std::str::from_utf8(&folded[..length]) else {
        return false;
    };
    let whole = name.len() <= LONGEST;
    (whole && (Name::recognize(start).is_some() || UNREAD.contains(&start)))
        || UNREAD_PREFIXES
            .iter()
            .any(|prefix| start.starts_with(prefix))
}

fn starts_with(name: &[u8], prefix: &[u8]) -> bool {
    name.len() >= prefix.len() && name.iter().zip(prefix).all(|(a, b)| fold(*a) == *b)
}

fn fold(byte: u8) -> u8 {
    if byte == b'_' {
        b'-'
    } else {
        byte.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_trace_header_is_one() {
        for name in [
            "traceparent",
            "TraceParent",
            "tracestate",
            "baggage",
            "b3",
            "B3",
            "X-B3-TraceId",
            "x_b3_traceid",
            "x-b3-anything-new",
            "X-Amzn-Trace-Id",
            "grpc-trace-bin",
            "grpc-tags-bin",
            "X-Cloud-Trace-Context",
            "uber-trace-id",
            "uberctx-user",
            "ot-tracer-sampled",
            "ot-baggage-a-key-that-is-longer-than-any-fixed-name",
            "jaeger-debug-id",
            "traceresponse",
            "Grpc-Metadata-traceparent",
            "grpc_metadata_B3",
            "Grpc-Metadata-Grpc-Metadata-X-B3-Flags",
        ] {
            assert!(is_trace_header(name), "{name}");
        }
    }

    #[test]
    fn other_headers_are_not() {
        for name in [
            "",
            "host",
            "x-request-id",
            "trace-parent",
            "traceparent2",
            "b3x",
            "x-b3",
            "grpc-metadata-",
            "grpc-metadata-x",
            "grpc-timeout",
            "a-very-long-name-that-ends-in-the-word-traceparent",
            "größe",
        ] {
            assert!(!is_trace_header(name), "{name}");
        }
    }
}
