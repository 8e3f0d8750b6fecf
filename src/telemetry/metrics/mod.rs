//! Metrics: what is counted, by whom, and how it is read.
//!
//! ```text
//! worker 0 ─▶ shard ─┐
//! worker 1 ─▶ shard ─┼─▶ registry ─▶ sections ─┬▶ text (Prometheus, OpenMetrics)
//! process, runtime ──┘                         └▶ OTLP
//! ```
//!
//! Every label value is known at start-up, from the [`Catalog`], or is one of a
//! few by nature (a status, a method of HTTP), so the number of series has a bound
//! that no caller can move. Counting is one or two relaxed additions to memory that
//! no other worker writes; adding up is left to whoever reads.

mod calls;
mod catalog;
mod exchanges;
mod export;
mod family;
mod histogram;
mod instruments;
mod opencensus;
mod otlp;
mod process;
mod push;
mod registry;
mod runtime;
mod scale;
mod settings;
mod shard;
mod text;
mod views;

pub use calls::{Call, code_name};
pub use catalog::{Catalog, MethodId, RouteId};
pub use exchanges::{Error, Exchange, Method};
pub use export::of_export;
pub use family::{Distribution, Exemplar, Family, Fill, Kind, Point, Section, Value};
pub use histogram::Sampled;
pub use push::{Push, push_interval};
pub use registry::Registry;
pub use runtime::of_connections;
pub use settings::{Names, Namespace, Settings};
pub use shard::Shard;
pub use text::{Format, Scrape};
