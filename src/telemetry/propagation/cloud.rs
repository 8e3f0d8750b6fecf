//! Google Cloud's `x-cloud-trace-context: TRACE_ID[/SPAN_ID][;o=0|1]`, the span
//! id in decimal. Load balancers add it; it is read, never written.

use super::ids::Case;
use super::{Context, Decision, Format, SpanId, TraceId};

/// Reads the header. A span id of 0 names no span; no option leaves it open.
pub(super) fn parse(text: &[u8]) -> Option<Context> {
    let (ids, decision) = match memchr::memchr(b';', text) {
        Some(at) => (&text[..at], option(&text[at + 1..])?),
        None => (text, Decision::Defer),
    };
    let (trace_id, span_id) = match memchr::memchr(b'/', ids) {
        Some(at) => (&ids[..at], SpanId::from_u64(decimal(&ids[at + 1..])?)),
        None => (ids, None),
    };
    let trace_id = TraceId::from_hex(trace_id, Case::Either)?;
    Some(Context::remote(
        Format::CloudTrace,
        trace_id,
        span_id,
        decision,
    ))
}

fn option(text: &[u8]) -> Option<Decision> {
    match text {
        b"o=0" => Some(Decision::Deny),
        b"o=1" => Some(Decision::Accept),
        _ => None,
    }
}

/// At most 20 digits and no sign, which the standard parser would take.
fn decimal(text: &[u8]) -> Option<u64> {
    let digits = (1..=20).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(text).ok()?.parse().ok())?
}
