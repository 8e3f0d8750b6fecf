//! OpenTelemetry's SDK for those who make spans of their own: they go out by the
//! same way as those of calls.

use super::recorder::Telemetry;
use crate::telemetry::export::Sender;
use crate::telemetry::propagation::{Formats, SpanId, TraceId};
use crate::telemetry::span::Record;
use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    IdGenerator, Sampler, SdkTracerProvider, Span, SpanData, SpanProcessor,
};
use std::time::Duration;

/// Hands finished spans in.
#[derive(Debug)]
struct HandIn(Sender<Record>);

/// Ids like those of calls.
#[derive(Debug)]
struct Ids(Formats);

impl Telemetry {
    /// A provider of tracers for spans of one's own. Below a recorded call they are
    /// recorded, below one that is not they are not; those below nothing are, unless
    /// no spans are kept at all.
    pub fn tracer_provider(&self) -> SdkTracerProvider {
        let builder = SdkTracerProvider::builder()
            // The export says whose spans these are.
            .with_resource(Resource::builder_empty().build())
            .with_id_generator(Ids(self.formats()));
        match self.spans() {
            Some(spans) => builder
                .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
                .with_span_processor(HandIn(spans.clone()))
                .build(),
            None => builder.with_sampler(Sampler::AlwaysOff).build(),
        }
    }
}

impl SpanProcessor for HandIn {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            self.0.send(Record::from(span));
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        // The pipeline looks by itself, and is flushed at the program's end.
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> opentelemetry::TraceId {
        opentelemetry::TraceId::from_bytes(TraceId::fresh(self.0).to_bytes())
    }

    fn new_span_id(&self) -> opentelemetry::SpanId {
        opentelemetry::SpanId::from_bytes(SpanId::random().to_bytes())
    }
}
