//! One call as plain data: what everyone who is told of it may look at.

use crate::telemetry::debug::Key;
use crate::telemetry::span::Span;
use http::StatusCode;
use std::time::{Duration, Instant};
use tonic::Code;

/// Which side of which protocol this process had in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It answered an HTTP request.
    HttpServer,
    /// It made a gRPC call.
    GrpcClient,
    /// It answered a gRPC call.
    GrpcServer,
}

/// A call, under way or over.
#[derive(Debug)]
pub struct Call {
    /// Whose call this is.
    pub kind: Kind,
    /// The route of an HTTP call, the method of a gRPC call, by its index in
    /// [`Operations`](super::Operations); `None` where it is none of those.
    pub operation: Option<usize>,
    /// When its first byte came or left.
    pub began: Instant,
    /// When it was over; before that, when it began.
    pub ended: Instant,
    /// What this process sent.
    pub sent: Traffic,
    /// What this process received.
    pub received: Traffic,
    /// How it ended.
    pub outcome: Outcome,
    /// What is known of an HTTP request.
    pub http: Option<Http>,
    /// Where the call is to be a span.
    pub(in crate::telemetry) span: Option<Box<Span>>,
    /// Its place among those under way, where these are listed.
    pub(super) key: Option<Key>,
    /// What its error said, where examples of calls are kept.
    pub(super) error: Option<Box<str>>,
}

/// What went one way. A message's size is that of the message alone, without the
/// five bytes before it; an HTTP body is counted in bytes only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages.
    pub messages: u64,
    /// Their bytes, or a body's.
    pub bytes: u64,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The status of an HTTP response; none when it never had one.
    pub http: Option<StatusCode>,
    /// The status of the gRPC call; for an HTTP call, of the one made for it, or
    /// the code of the error that was answered without one.
    pub grpc: Option<Code>,
    /// What ended it.
    pub end: End,
}

/// What ended a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum End {
    /// It ran to its end, good or bad.
    #[default]
    Complete,
    /// Whoever wanted it left before.
    Cancelled,
    /// It broke off: its answer had begun when it failed.
    Broken,
}

/// What labels an HTTP call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// The request's method.
    pub method: http::Method,
    /// The version that was spoken.
    pub version: http::Version,
}

impl Call {
    pub(super) fn begin(kind: Kind, operation: Option<usize>, began: Instant) -> Self {
        Self {
            kind,
            operation,
            began,
            ended: began,
            sent: Traffic::default(),
            received: Traffic::default(),
            outcome: Outcome::default(),
            http: None,
            span: None,
            key: None,
            error: None,
        }
    }

    /// How long it took, or 0 while it is under way.
    pub fn elapsed(&self) -> Duration {
        self.ended.saturating_duration_since(self.began)
    }

    /// The call's span, where it is recorded: what an exemplar names.
    pub fn span(&self) -> Option<&Span> {
        self.span.as_deref()
    }

    pub(super) fn message_sent(&mut self, bytes: usize) {
        self.sent.add(bytes);
        if let Some(span) = &mut self.span {
            span.sent(self.sent.messages, bytes);
        }
    }

    pub(super) fn message_received(&mut self, bytes: usize) {
        self.received.add(bytes);
        if let Some(span) = &mut self.span {
            span.received(self.received.messages, bytes);
        }
    }
}

impl Traffic {
    fn add(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes as u64;
    }
}
