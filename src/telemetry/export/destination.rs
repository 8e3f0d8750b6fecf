//! What a destination of spans is to the pipeline, and any exporter written for
//! OpenTelemetry's SDK as one.

use opentelemetry_sdk::{
    Resource,
    trace::{SpanData, SpanExporter},
};
use std::{fmt, future::Future, pin::Pin, time::Duration};

/// The work of one batch, or of the end.
pub type Exporting<'a> = Pin<Box<dyn Future<Output = Result<(), Loss>> + Send + 'a>>;

/// Somewhere that spans go. The pipeline gives it one batch at a time, and stops
/// waiting when the batch has had its time ([`Batching::export_timeout`]).
///
/// [`Batching::export_timeout`]: super::Batching::export_timeout
pub trait Destination: Send {
    /// A short name, for logs and for the `destination` of a metric.
    fn name(&self) -> &'static str;

    /// How long a span may wait for others to go with it, if that is not for the
    /// settings to say.
    fn delay(&self) -> Option<Duration> {
        None
    }

    /// Takes a batch. Retrying is the destination's own affair.
    fn export(&mut self, batch: Vec<SpanData>) -> Exporting<'_>;

    /// Lets go of what it may have held back: nothing follows.
    fn finish(&mut self) -> Exporting<'_> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Spans that a destination did not take, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// How many of the batch.
    pub spans: usize,
    /// What happened, and what to do about it.
    pub reason: String,
}

/// An exporter for OpenTelemetry's SDK as a destination.
#[derive(Debug)]
pub struct Sdk<E> {
    name: &'static str,
    exporter: E,
}

// === impl Sdk ===

impl<E: SpanExporter> Sdk<E> {
    /// `exporter`, told whose spans it gets.
    pub fn new(name: &'static str, mut exporter: E, resource: &Resource) -> Self {
        exporter.set_resource(resource);
        Self { name, exporter }
    }
}

impl<E: SpanExporter> Destination for Sdk<E> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn export(&mut self, batch: Vec<SpanData>) -> Exporting<'_> {
        let spans = batch.len();
        Box::pin(async move {
            self.exporter
                .export(batch)
                .await
                .map_err(|error| Loss::new(spans, error))
        })
    }

    fn finish(&mut self) -> Exporting<'_> {
        let done = self.exporter.shutdown();
        Box::pin(std::future::ready(
            done.map_err(|error| Loss::new(0, error)),
        ))
    }
}

// === impl Loss ===

impl Loss {
    /// `spans` lost for `reason`.
    pub fn new(spans: usize, reason: impl fmt::Display) -> Self {
        Self {
            spans,
            reason: reason.to_string(),
        }
    }
}
