//! Trace context on the wire: which trace a request belongs to, read from
//! whatever headers its caller and the proxies before us wrote, and written for
//! the next hop. Recording and sampling spans is left to others.
//!
//! Headers are read in one strict pass. When several formats are present the
//! first valid one of this order wins, because the earlier ones are written by
//! the caller's tracer and the later ones by proxies, unasked:
//!
//! W3C `traceparent` → B3 single → B3 multi → X-Ray → `grpc-trace-bin` →
//! Cloud Trace → Jaeger → OpenTracing.
//!
//! A malformed header counts as absent. A loser that names another trace is
//! kept as a [`Link`]; formats are never mixed into one context.
//!
//! ```
//! use http::HeaderMap;
//! use trestle::telemetry::propagation::{self, Decision, Formats};
//!
//! let mut incoming = HeaderMap::new();
//! incoming.insert("b3", "80f198ee56343ba8-e457b5a2e4d86bd1-1".parse()?);
//!
//! let formats = Formats::default();
//! let context = propagation::extract(&incoming).or_new(formats, Decision::Accept);
//! let mut outgoing = HeaderMap::new();
//! propagation::inject(&context, formats, &mut outgoing);
//! assert_eq!(
//!     outgoing["traceparent"],
//!     "00-000000000000000080f198ee56343ba8-e457b5a2e4d86bd1-01",
//! );
//! # Ok::<(), http::header::InvalidHeaderValue>(())
//! ```

mod b3;
mod baggage;
mod cloud;
mod context;
mod extract;
mod formats;
mod grpc_bin;
mod ids;
mod inject;
mod jaeger;
mod names;
mod opentracing;
mod otel;
mod random;
mod w3c;
mod xray;

pub use context::{Context, Decision, Format, Link};
pub use extract::{Extracted, extract};
pub use formats::{Formats, UnusableFormat};
pub use ids::{SpanId, TraceId};
pub use inject::inject;
pub use names::is_trace_header;
pub use otel::Propagator;
pub(super) use otel::to_span as span_context;
