//! A call that is over and kept as an example.

use crate::telemetry::propagation::{SpanId, TraceId};
use std::time::{Duration, SystemTime};
use tonic::Code;

/// An example of a call.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Which operation it was of.
    pub operation: usize,
    /// When it began.
    pub began: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
    /// The HTTP status that was answered, if one was.
    pub http: Option<u16>,
    /// How the gRPC call ended, if there was one.
    pub code: Option<Code>,
    /// Whether the caller left, or the answer broke off.
    pub cut: bool,
    /// Whether somebody should look at it.
    pub failed: bool,
    /// What its error said.
    pub error: Option<String>,
    /// What was sent.
    pub sent: Traffic,
    /// What was received.
    pub received: Traffic,
    /// What happened in it and how long after it began, if it is recorded as a span.
    pub events: Vec<(Duration, String)>,
    /// Its trace, if it is recorded as a span.
    pub trace: Option<(TraceId, SpanId)>,
}

/// What went one way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages; none where bytes have no such form.
    pub messages: u64,
    /// Bytes.
    pub bytes: u64,
}
