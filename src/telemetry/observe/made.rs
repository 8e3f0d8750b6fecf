//! One gRPC call that is made here, by whoever has something to ask of a backend:
//! a client, or a handler that needs another service. A gateway's calls belong to
//! its exchanges and are watched with them.

use super::call::{Call, End, Kind};
use super::recorder::{Local, Recorder};
use super::sinks::Sinks;
use crate::telemetry::propagation::Context;
use crate::telemetry::span::Span;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;
use tonic::Code;

/// A call being made; one that is dropped was cancelled.
#[derive(Debug)]
pub struct Made(Option<Watched>);

#[derive(Debug)]
struct Watched {
    local: Arc<Local>,
    call: Option<Call>,
}

impl Recorder {
    /// Begins to watch a call of this method, by its index, that belongs to `parent`.
    /// It is recorded where its parent is. Gives the context to send with it.
    pub fn make(&self, method: usize, parent: &Context) -> (Made, Context) {
        let Some(local) = self.local() else {
            return (Made(None), parent.clone());
        };
        let mut call = Call::begin(Kind::GrpcClient, Some(method), Instant::now());
        let mut sent = parent.clone();
        if local.sinks.spans() && parent.decision().is_sampled() {
            let span = Span::below(parent.clone());
            sent = parent.child(span.span_id());
            call.span = Some(Box::new(span));
        }
        local.sinks.began(&mut call);
        let watched = Watched {
            local: local.clone(),
            call: Some(call),
        };
        (Made(Some(watched)), sent)
    }
}

impl Made {
    /// A message has been sent.
    pub fn message_sent(&mut self, bytes: usize) {
        self.tell(|call| call.message_sent(bytes));
    }

    /// A message has come.
    pub fn message_received(&mut self, bytes: usize) {
        self.tell(|call| call.message_received(bytes));
    }

    /// The call is over; `message` is what its status says.
    pub fn ended(mut self, code: Code, message: &dyn fmt::Display) {
        if let Some(watched) = &mut self.0 {
            watched.end(code, message, End::Complete);
        }
    }

    fn tell(&mut self, tell: impl FnOnce(&mut Call)) {
        if let Some(Watched { local, call }) = &mut self.0
            && let Some(call) = call
        {
            tell(call);
            local.sinks.progress(call);
        }
    }
}

impl Watched {
    fn end(&mut self, code: Code, message: &dyn fmt::Display, end: End) {
        let Some(mut call) = self.call.take() else {
            return;
        };
        call.ended = Instant::now();
        call.outcome.grpc = Some(code);
        call.outcome.end = end;
        self.local.sinks.explain(&mut call, message);
        if let Some(span) = &mut call.span {
            span.explain(code, message);
        }
        Sinks::ended(&self.local, call);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.end(Code::Cancelled, &"", End::Cancelled);
    }
}
