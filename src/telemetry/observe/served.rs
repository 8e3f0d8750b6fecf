//! One gRPC call that is answered here. Many may hold it: the two bodies, and
//! whoever got hold of its span. It is over when its answer is, whoever still does.

use super::call::{Call, End, Kind};
use super::recorder::Local;
use super::sinks::Sinks;
use crate::telemetry::propagation::{Context, Extracted};
use crate::telemetry::sampling::Subject;
use crate::telemetry::span::Span;
use http::request::Parts;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tonic::Code;

/// A call being answered. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Served {
    local: Arc<Local>,
    call: Arc<Mutex<Option<Call>>>,
}

impl Served {
    /// A call whose head has just come, and the context in which it is answered;
    /// none where that is not for us to say, and what was read is given back.
    pub(super) fn begin(
        local: &Arc<Local>,
        head: &Parts,
        extracted: Extracted,
    ) -> (Self, Result<Context, Extracted>) {
        let operations = &local.vocabulary.operations;
        let method = operations.method_of(head.uri.path());
        let mut call = Call::begin(Kind::GrpcServer, method, Instant::now());
        let context = if local.sinks.spans() {
            let rpc = head.uri.path().strip_prefix('/');
            let (subject, shared) = (Subject::of(head, rpc), &local.shared);
            let formats = shared.settings.formats;
            let admitted = shared.sampler.admit(&subject, extracted, formats);
            if admitted.recorded {
                let mut span = Span::new(admitted.context.clone(), admitted.links);
                span.describe(head);
                call.span = Some(Box::new(span));
            }
            Ok(admitted.context)
        } else {
            Err(extracted)
        };
        local.sinks.began(&mut call);
        let served = Self {
            local: local.clone(),
            call: Arc::new(Mutex::new(Some(call))),
        };
        (served, context)
    }

    /// Whether the call is a span.
    pub(super) fn is_recorded(&self) -> bool {
        self.with(|call| call.span.is_some()).unwrap_or(false)
    }

    pub(super) fn message_received(&self, bytes: usize) {
        self.with(|call| {
            call.message_received(bytes);
            self.local.sinks.progress(call);
        });
    }

    pub(super) fn message_sent(&self, bytes: usize) {
        self.with(|call| {
            call.message_sent(bytes);
            self.local.sinks.progress(call);
        });
    }

    /// Something to note in the call's span, while it lasts.
    pub(super) fn on_span<T>(&self, note: impl FnOnce(&mut Span) -> T) -> Option<T> {
        self.with(|call| call.span.as_deref_mut().map(note))?
    }

    /// The call is over. What comes after is ignored.
    pub(super) fn end(&self, code: Code, message: &dyn fmt::Display, end: End) {
        let call = self.lock().take();
        let Some(mut call) = call else { return };
        call.ended = Instant::now();
        call.outcome.grpc = Some(code);
        call.outcome.end = end;
        self.local.sinks.explain(&mut call, message);
        if let Some(span) = &mut call.span {
            span.explain(code, message);
        }
        Sinks::ended(&self.local, call);
    }

    /// The call is over without an answer: its caller left, or its handler panicked.
    pub(super) fn abandon(&self) {
        match std::thread::panicking() {
            true => self.end(Code::Unknown, &"the handler panicked", End::Broken),
            false => self.end(Code::Cancelled, &"", End::Cancelled),
        }
    }

    fn with<T>(&self, tell: impl FnOnce(&mut Call) -> T) -> Option<T> {
        self.lock().as_mut().map(tell)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Call>> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
