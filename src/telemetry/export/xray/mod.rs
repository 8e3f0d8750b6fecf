//! Spans to the X-Ray daemon, or what listens in its stead: one UDP datagram for
//! each span, a segment document.

mod daemon;
mod document;
mod fields;

pub(super) use daemon::Daemon;
