//! Jaeger's `uber-trace-id: {trace}:{span}:{parent}:{flags}`, all in hexadecimal
//! digits of any number up to the full one. Deprecated; read, never written.

use super::ids::{Case, hex};
use super::{Context, Decision, Format, SpanId, TraceId};
use std::borrow::Cow;

/// Longer than any valid value, its colons percent-encoded.
const LENGTH: usize = 80;

/// Reads the header. Some clients percent-encode the whole value.
pub(super) fn parse(text: &[u8]) -> Option<Context> {
    if text.len() > LENGTH {
        return None;
    }
    let text: Cow<'_, [u8]> = percent_encoding::percent_decode(text).into();
    let mut parts = text.split(|byte| *byte == b':');
    let trace_id = TraceId::from_short_hex(parts.next()?, Case::Either)?;
    let span_id = SpanId::from_short_hex(parts.next()?, Case::Either)?;
    // The parent is deprecated and may be 0.
    hex(parts.next()?, 16, Case::Either)?;
    let flags = hex(parts.next()?, 2, Case::Either)?;
    if parts.next().is_some() {
        return None;
    }
    // 1 is sampled; 2 is debug and means nothing by itself.
    let decision = match flags & 3 {
        3 => Decision::Debug,
        1 => Decision::Accept,
        _ => Decision::Deny,
    };
    Some(Context::remote(
        Format::Jaeger,
        trace_id,
        Some(span_id),
        decision,
    ))
}
