//! OpenTracing's `ot-tracer-traceid`, `-spanid` and `-sampled`, ids written
//! without leading zeros by some clients. Deprecated; read, never written.

use super::extract::Found;
use super::ids::Case;
use super::names::Name;
use super::{Context, Decision, Format, SpanId, TraceId};

/// Reads the three headers, of which the last may be missing.
pub(super) fn parse(found: &Found<'_>) -> Option<Context> {
    let trace_id = found.get(Name::OtTraceId)?;
    if !matches!(trace_id.len(), 1..=16 | 32) {
        return None;
    }
    let decision = match found.get(Name::OtSampled) {
        None => Decision::Defer,
        Some(b"true" | b"1") => Decision::Accept,
        Some(b"false" | b"0") => Decision::Deny,
        Some(_) => return None,
    };
    Some(Context::remote(
        Format::OpenTracing,
        TraceId::from_short_hex(trace_id, Case::Either)?,
        Some(SpanId::from_short_hex(
            found.get(Name::OtSpanId)?,
            Case::Either,
        )?),
        decision,
    ))
}
