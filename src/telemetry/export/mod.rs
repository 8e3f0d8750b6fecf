//! The way of finished spans out of the process: a queue that no request waits
//! for, and one thread that expands what is in it and gives it to every
//! destination chosen. What a span is, and which calls have one, is for others.
//!
//! ```text
//! workers ── Sender::send ──▶ queue ──▶ export thread ──▶ lane ──▶ Destination
//!            (never waits)              (expands)    └──▶ lane ──▶ Destination
//! ```
//!
//! A lane holds what its destination has not taken yet, so that a slow one holds
//! up neither a request nor another destination. Whatever is lost on the way is
//! counted, see [`Counts`].

mod auth;
pub mod aws;
mod client;
mod console;
mod counts;
mod destination;
mod env;
mod error;
pub mod google;
mod lane;
pub mod otlp;
mod pipeline;
mod queue;
mod start;
mod xray;

pub use counts::{Counters, Counts};
pub use destination::{Destination, Exporting, Loss, Sdk};
pub use env::{Chosen, Settings};
pub use error::Error;
pub use pipeline::{Batching, Pipeline};
pub use queue::Sender;

#[cfg(test)]
mod tests;

use opentelemetry_sdk::trace::SpanData;

/// A finished span in the form in which its maker found it cheap to write down.
pub trait Expand: Send + 'static {
    /// The span itself. Called on the export thread.
    fn expand(self) -> SpanData;
}

impl Expand for SpanData {
    fn expand(self) -> SpanData {
        self
    }
}
