//! Trace context for the next hop, in the formats that were asked for.

use super::{Context, Decision, Formats, SpanId, b3, w3c, xray};
use http::{HeaderMap, HeaderName, HeaderValue};

pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(super) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
pub(super) const BAGGAGE: HeaderName = HeaderName::from_static("baggage");
pub(super) const B3: HeaderName = HeaderName::from_static("b3");
pub(super) const B3_TRACE_ID: HeaderName = HeaderName::from_static("x-b3-traceid");
pub(super) const B3_SPAN_ID: HeaderName = HeaderName::from_static("x-b3-spanid");
pub(super) const B3_SAMPLED: HeaderName = HeaderName::from_static("x-b3-sampled");
pub(super) const B3_FLAGS: HeaderName = HeaderName::from_static("x-b3-flags");
pub(super) const XRAY: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// Writes a context into the headers or metadata of a call, over what was there
/// under the same names.
///
/// A context without a parent span names only a trace; of these formats X-Ray's
/// alone can say that, so the others are left out.
/// [`Extracted::or_new`](super::Extracted::or_new) and [`Context::child`] make
/// contexts that all formats can carry.
pub fn inject(context: &Context, formats: Formats, out: &mut HeaderMap) {
    if let Some(span_id) = context.parent() {
        if formats.contains(Formats::TRACE_CONTEXT) {
            out.insert(
                TRACEPARENT,
                value(|text| w3c::format(context, span_id, text)),
            );
            insert_some(out, TRACESTATE, context.tracestate());
        }
        if formats.contains(Formats::B3) {
            out.insert(B3, value(|text| b3::format_single(context, span_id, text)));
        }
        if formats.contains(Formats::B3_MULTI) {
            b3_multi(context, span_id, out);
        }
    }
    if formats.contains(Formats::XRAY) {
        out.insert(XRAY, value(|text| xray::format(context, text)));
    }
    if formats.contains(Formats::BAGGAGE) {
        insert_some(out, BAGGAGE, context.baggage());
    }
}

fn b3_multi(context: &Context, span_id: SpanId, out: &mut HeaderMap) {
    let trace_id = context.trace_id().to_bytes();
    out.insert(
        B3_TRACE_ID,
        value(|text| super::ids::push_hex(text, &trace_id)),
    );
    out.insert(
        B3_SPAN_ID,
        value(|text| super::ids::push_hex(text, &span_id.to_bytes())),
    );
    // Debug implies sampled, which is then not sent.
    let state = match context.decision() {
        Decision::Accept => Some((B3_SAMPLED, "1")),
        Decision::Deny => Some((B3_SAMPLED, "0")),
        Decision::Debug => Some((B3_FLAGS, "1")),
        Decision::Defer => None,
    };
    out.remove(B3_SAMPLED);
    out.remove(B3_FLAGS);
    if let Some((name, state)) = state {
        out.insert(name, HeaderValue::from_static(state));
    }
}

fn insert_some(out: &mut HeaderMap, name: HeaderName, value: Option<&HeaderValue>) {
    match value {
        Some(value) => out.insert(name, value.clone()),
        None => out.remove(name),
    };
}

fn value(write: impl FnOnce(&mut Vec<u8>)) -> HeaderValue {
    let mut text = Vec::with_capacity(80);
    write(&mut text);
    HeaderValue::try_from(text).expect("ids and checked extras are printable ASCII")
}
