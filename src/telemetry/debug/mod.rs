//! What the debug pages show: the calls under way, a few of those that are over by
//! how long they took, how often and how fast, and the last lines of the log. All
//! of it is kept in memory, of every call, sampled or not, and none of it holds
//! what a caller sent.
//!
//! A call costs its place in the list of those under way, three additions, and a
//! look at whether its bucket wants an example, which it does at most once a
//! second. How the pages look is left to `admin`.

mod active;
mod book;
mod buckets;
mod events;
mod history;
mod latency;
mod sample;

pub use active::{Active, Key};
pub use book::{Book, Ended, Journal, Operation, Traces};
pub use buckets::{REQUEST_LATENCIES, TRACE_LATENCIES};
pub use events::{Events, Line, Log};
pub use history::{Period, Rpc, RpcRates, Side};
pub use latency::{Histogram, Row};
pub use sample::{Sample, Traffic};

#[cfg(test)]
mod tests;
