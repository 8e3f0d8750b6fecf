//! The same reading and writing as a propagator of the OpenTelemetry API, for
//! programs that use it in place of, or besides, this crate's own types.

use super::inject::{
    B3, B3_FLAGS, B3_SAMPLED, B3_SPAN_ID, B3_TRACE_ID, BAGGAGE, TRACEPARENT, TRACESTATE, XRAY,
};
use super::names::Name;
use super::{Context, Decision, Extracted, Format, Formats, SpanId, TraceId, extract, inject};
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context as OtelContext;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt as _, TraceFlags, TraceState};

/// Reads every format that this crate knows, and writes the chosen ones.
///
/// It is meant to be used alone: in a composite propagator the last one that
/// finds anything wins, which is how a load balancer's header comes to displace
/// the caller's `traceparent`.
///
/// What a [`SpanContext`] cannot express is kept beside it: [`Extracted`] is a
/// value of the OpenTelemetry context, so that a sampler can see a
/// [`Decision`] or a trace id without a span. Baggage is passed on as it came
/// and does not become OpenTelemetry's `Baggage`.
#[derive(Debug, Clone)]
pub struct Propagator {
    formats: Formats,
    fields: Vec<String>,
}

// === impl Propagator ===

impl Propagator {
    /// A propagator that writes these formats.
    pub fn new(formats: Formats) -> Self {
        let written: [(Formats, &[HeaderName]); 5] = [
            (Formats::TRACE_CONTEXT, &[TRACEPARENT, TRACESTATE]),
            (Formats::BAGGAGE, &[BAGGAGE]),
            (Formats::B3, &[B3]),
            (
                Formats::B3_MULTI,
                &[B3_TRACE_ID, B3_SPAN_ID, B3_SAMPLED, B3_FLAGS],
            ),
            (Formats::XRAY, &[XRAY]),
        ];
        let chosen = written
            .iter()
            .filter(|(format, _)| formats.contains(*format));
        let fields = chosen
            .flat_map(|(_, names)| names.iter().map(ToString::to_string))
            .collect();
        Self { formats, fields }
    }

    /// What to send for the active span, or what was received if there is none.
    pub fn outgoing(cx: &OtelContext) -> Option<Context> {
        let remote = cx.get::<Extracted>().and_then(Extracted::context);
        let span = cx.span();
        Some(match from_span(span.span_context()) {
            Some(span) => match remote.filter(|remote| remote.trace_id() == span.trace_id()) {
                // Nothing was recorded in between: what came is more exact.
                Some(remote) if remote.parent() == span.parent() => remote.clone(),
                Some(remote) => below(remote, span),
                None => span,
            },
            None => remote?.clone(),
        })
    }
}

/// W3C trace context and baggage.
impl Default for Propagator {
    fn default() -> Self {
        Self::new(Formats::default())
    }
}

impl TextMapPropagator for Propagator {
    fn inject_context(&self, cx: &OtelContext, injector: &mut dyn Injector) {
        let mut headers = HeaderMap::new();
        if let Some(context) = Self::outgoing(cx) {
            inject(&context, self.formats, &mut headers);
        }
        // Baggage travels without a trace too.
        let baggage = cx.get::<Extracted>().and_then(Extracted::baggage);
        if let Some(baggage) = baggage.filter(|_| self.formats.contains(Formats::BAGGAGE)) {
            headers.insert(BAGGAGE, baggage.clone());
        }
        for (name, value) in &headers {
            if let Ok(value) = value.to_str() {
                injector.set(name.as_str(), value.to_owned());
            }
        }
    }

    fn extract_with_context(&self, cx: &OtelContext, extractor: &dyn Extractor) -> OtelContext {
        let extracted = extract(&collect(extractor));
        if extracted == Extracted::default() {
            return cx.clone();
        }
        let span = extracted.context().and_then(to_span);
        let cx = cx.with_value(extracted);
        match span {
            Some(span) => cx.with_remote_span_context(span),
            None => cx,
        }
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.fields)
    }
}

// === conversions ===

/// The headers of a carrier that are ours.
fn collect(extractor: &dyn Extractor) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for key in extractor.keys() {
        let lower = key.to_ascii_lowercase();
        if Name::recognize(&lower).is_none() {
            continue;
        }
        let Ok(name) = HeaderName::try_from(lower) else {
            continue;
        };
        for value in extractor.get_all(key).unwrap_or_default() {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.append(name.clone(), value);
            }
        }
    }
    headers
}

/// None where no span is named: OpenTelemetry knows no such thing.
pub(in crate::telemetry) fn to_span(context: &Context) -> Option<SpanContext> {
    Some(SpanContext::new(
        opentelemetry::TraceId::from_bytes(context.trace_id().to_bytes()),
        opentelemetry::SpanId::from_bytes(context.parent()?.to_bytes()),
        TraceFlags::new(context.flags()),
        true,
        to_tracestate(context).unwrap_or(TraceState::NONE),
    ))
}

/// None where there is none, or where OpenTelemetry's stricter grammar of an
/// older specification refuses it.
fn to_tracestate(context: &Context) -> Option<TraceState> {
    context.tracestate()?.to_str().ok()?.parse().ok()
}

/// None where there is no valid span.
fn from_span(span: &SpanContext) -> Option<Context> {
    let flags = span.trace_flags().to_u8();
    let mut context = Context::remote(
        Format::TraceContext,
        TraceId::from_bytes(span.trace_id().to_bytes())?,
        Some(SpanId::from_bytes(span.span_id().to_bytes())?),
        Decision::from_sampled(flags & Context::SAMPLED != 0),
    )
    .with_random(flags & Context::RANDOM != 0);
    let tracestate = span.trace_state().header();
    if !tracestate.is_empty() {
        context.set_tracestate(HeaderValue::try_from(tracestate).ok());
    }
    Some(context)
}

/// A local span below a received context: what only the latter knew is kept.
fn below(remote: &Context, mut span: Context) -> Context {
    span.set_xray_extras(remote.xray_extras().map(Into::into));
    if to_tracestate(remote).is_none() {
        span.set_tracestate(remote.tracestate().cloned());
    }
    let random = remote.flags() & Context::RANDOM != 0;
    let span = span.with_random(random);
    if remote.decision() == Decision::Debug && span.decision().is_sampled() {
        return span.with_decision(Decision::Debug);
    }
    span
}
