//! A call, watched from its first byte to its last: when it began and ended, what
//! went either way, how it ended. Everything is collected once, in a [`Call`], and
//! handed on once, when the call is over, to all who want to know of it (`sinks`).
//!
//! ```text
//! Telemetry ── one a process: what is chosen
//!   └ Recorder ── one a worker: what it needs without a look at other threads
//!       └ Exchange ── one a request: an HTTP call and the gRPC call made for it
//!       └ Served ── one a gRPC call that a backend answers
//!       └ Made ── one a gRPC call for nobody's request but our own
//! ```
//!
//! Whoever drives a call tells of what happens to it; a call that is dropped was
//! cancelled. What spans look like is left to `span`, which calls have one to
//! `sampling`.

mod access;
mod body;
mod call;
mod exchange;
mod frames;
mod handle;
mod layer;
mod ledger;
mod made;
mod operations;
mod recorder;
mod sdk;
mod served;
mod sinks;

pub use body::Observed;
pub use call::{Call, End, Http, Kind, Outcome, Traffic};
pub use exchange::{Exchange, Phase};
pub use layer::{GrpcServer, GrpcServerLayer};
pub use ledger::{Counting, Ledger};
pub use made::Made;
pub use operations::{Method, Operations, Route};
pub(super) use recorder::Vocabulary;
pub use recorder::{Recorder, Settings, Telemetry};
