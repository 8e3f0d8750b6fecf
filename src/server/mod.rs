//! Transport: listeners, workers, connections and their drain. HTTP/1.1 and
//! HTTP/2 with prior knowledge on one port. What is answered is the service's
//! matter; flags, signals and exit codes are `cli`'s.
//!
//! ```text
//! acceptor ──▶ worker 0: one thread, one runtime, its own service ──▶ connections
//!          └─▶ worker 1: …
//! ```
//!
//! The acceptor hands each connection to the worker that has fewest. From there
//! on a request never leaves its thread, so a service and its futures need not
//! be `Send`.

mod acceptor;
mod bind;
mod connection;
mod drain;
mod exchange;
mod holder;
mod io;
mod life;
mod refusal;
mod settings;
mod sniff;
mod unread;
mod worker;

pub use acceptor::{Connections, RunError, Server};
pub use bind::BindError;
pub use drain::Drain;
pub use settings::{Http2, Settings};
