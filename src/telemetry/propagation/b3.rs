//! B3, as Zipkin defines it: the single header `b3` and the older `x-b3-…`.
//!
//! ```text
//! b3 = trace-id "-" span-id [ "-" state [ "-" parent-span-id ] ] / state
//!      16 or 32     16             "0" / "1" / "d"     16          lower-case digits
//! ```
//!
//! No state means that the receiver decides.

use super::extract::Found;
use super::ids::{Case, push_hex};
use super::names::Name;
use super::{Context, Decision, Format, SpanId, TraceId};

/// Reads `b3` where it names a span.
pub(super) fn parse_single(text: &[u8]) -> Option<Context> {
    let mut parts = text.split(|byte| *byte == b'-');
    let trace_id = trace_id(parts.next()?)?;
    let span_id = SpanId::from_hex(parts.next()?, Case::Lower)?;
    let decision = match parts.next() {
        Some(state) => single_state(state)?,
        None => Decision::Defer,
    };
    if let Some(parent) = parts.next() {
        check_parent(parent)?;
    }
    if parts.next().is_some() {
        return None;
    }
    Some(Context::remote(
        Format::B3,
        trace_id,
        Some(span_id),
        decision,
    ))
}

/// Reads `x-b3-traceid` and its companions where they name a span.
pub(super) fn parse_multi(found: &Found<'_>) -> Option<Context> {
    let trace_id = trace_id(found.get(Name::B3TraceId)?)?;
    let span_id = SpanId::from_hex(found.get(Name::B3SpanId)?, Case::Lower)?;
    if let Some(parent) = found.get(Name::B3ParentSpanId) {
        check_parent(parent)?;
    }
    let decision = multi_state(found)?;
    Some(Context::remote(
        Format::B3Multi,
        trace_id,
        Some(span_id),
        decision,
    ))
}

/// What is decided where no ids are sent at all; a decision beside broken ids
/// is part of a malformed context and does not count.
pub(super) fn sampling_only(found: &Found<'_>) -> Option<Decision> {
    if let Some(state) = found.get(Name::B3).and_then(single_state) {
        return Some(state);
    }
    let ids = [Name::B3TraceId, Name::B3SpanId, Name::B3ParentSpanId];
    if ids.iter().any(|name| found.get(*name).is_some()) {
        return None;
    }
    multi_state(found).filter(|decision| *decision != Decision::Defer)
}

fn trace_id(text: &[u8]) -> Option<TraceId> {
    matches!(text.len(), 16 | 32).then(|| TraceId::from_short_hex(text, Case::Lower))?
}

/// The parent's parent is of no use to us, but a bad one is a bad context.
fn check_parent(text: &[u8]) -> Option<()> {
    SpanId::from_hex(text, Case::Lower).map(drop)
}

fn single_state(text: &[u8]) -> Option<Decision> {
    match text {
        b"0" => Some(Decision::Deny),
        b"1" => Some(Decision::Accept),
        b"d" => Some(Decision::Debug),
        _ => None,
    }
}

/// Debug rules over the sampled header; any flags but `1` mean nothing. Old
/// clients spell the sampled state as a truth value.
fn multi_state(found: &Found<'_>) -> Option<Decision> {
    if found.get(Name::B3Flags) == Some(b"1") {
        return Some(Decision::Debug);
    }
    match found.get(Name::B3Sampled) {
        None => Some(Decision::Defer),
        Some(b"1" | b"true") => Some(Decision::Accept),
        Some(b"0" | b"false") => Some(Decision::Deny),
        Some(_) => None,
    }
}

/// Writes `b3`.
pub(super) fn format_single(context: &Context, span_id: SpanId, out: &mut Vec<u8>) {
    push_hex(out, &context.trace_id().to_bytes());
    out.push(b'-');
    push_hex(out, &span_id.to_bytes());
    out.extend_from_slice(match context.decision() {
        Decision::Accept => b"-1",
        Decision::Deny => b"-0",
        Decision::Debug => b"-d",
        Decision::Defer => b"",
    });
}
