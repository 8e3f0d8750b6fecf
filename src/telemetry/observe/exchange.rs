//! One HTTP exchange of a gateway: the call that came in and the gRPC call that was
//! made for it. Owned by whoever drives it, at last by the response's body; ended
//! once, and cancelled where it is dropped before.

use super::access::{self, Note};
use super::body::Observed;
use super::call::{Call, End, Http, Kind};
use super::recorder::Local;
use super::sinks::Sinks;
use crate::telemetry::propagation::{Context, Extracted, TraceId};
use crate::telemetry::sampling::Subject;
use crate::telemetry::span::Span;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tonic::Code;

/// An exchange being watched. The default is one that nobody watches.
#[derive(Debug, Default)]
pub struct Exchange(State);

#[derive(Debug, Default)]
enum State {
    #[default]
    Unwatched,
    Own(Box<Watched>),
    Shared(Arc<Mutex<Box<Watched>>>),
}

#[derive(Debug)]
struct Watched {
    local: Arc<Local>,
    server: Option<Call>,
    client: Option<Call>,
    note: Note,
}

/// What a gateway has done so far for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its route is found.
    Routed,
    /// Its message is built.
    Decoded,
    /// The backend's reply is there.
    Replied,
    /// The answer is written.
    Encoded,
}

impl Exchange {
    pub(super) fn begin(local: &Arc<Local>, head: &Parts) -> Self {
        let mut server = Call::begin(Kind::HttpServer, None, Instant::now());
        server.http = Some(Http {
            method: head.method.clone(),
            version: head.version,
        });
        local.sinks.began(&mut server);
        Self(State::Own(Box::new(Watched {
            local: local.clone(),
            server: Some(server),
            client: None,
            note: Note::default(),
        })))
    }

    /// The request's route, by its index, or that it has none; decides whether the
    /// exchange is recorded. Gives the context to send upstream.
    ///
    /// # Errors
    ///
    /// Gives `extracted` back where no exchange is ever recorded, so that the context
    /// is not for this exchange to decide.
    #[allow(
        clippy::result_large_err,
        reason = "what was handed in, not an error to carry around"
    )]
    pub fn admit(
        &mut self,
        head: &Parts,
        route: Option<usize>,
        extracted: Extracted,
    ) -> Result<Context, Extracted> {
        match &mut self.0 {
            State::Unwatched => Err(extracted),
            State::Own(watched) => watched.admit(head, route, extracted),
            State::Shared(shared) => lock(shared).admit(head, route, extracted),
        }
    }

    /// What names the exchange in logs.
    pub fn identify(&mut self, request_id: &HeaderValue, trace_id: Option<TraceId>) {
        self.with(|watched| {
            if watched.local.sinks.access_log() {
                watched.note.request_id = Some(request_id.clone());
                watched.note.trace_id = trace_id;
            }
        });
    }

    /// Something is done.
    pub fn reach(&mut self, phase: Phase) {
        self.on_server(|server| {
            if let Some(span) = &mut server.span {
                span.reach(phase);
            }
        });
    }

    /// Bytes of the request's body have come.
    pub fn body_received(&mut self, bytes: usize) {
        self.on_server(|server| server.received.bytes += bytes as u64);
    }

    /// The gRPC call begins.
    pub fn call(&mut self) {
        self.with(Watched::call);
    }

    /// A message has been sent to the backend.
    pub fn message_sent(&mut self, bytes: usize) {
        self.with(|watched| watched.on_message(|client| client.message_sent(bytes)));
    }

    /// A message of the backend has come.
    pub fn message_received(&mut self, bytes: usize) {
        self.with(|watched| watched.on_message(|client| client.message_received(bytes)));
    }

    /// The gRPC call is over; `message` is what its status says.
    pub fn called(&mut self, code: Code, message: &dyn fmt::Display) {
        self.with(|watched| watched.called(code, message, End::Complete));
    }

    /// The answer is an error of this code.
    pub fn failed(&mut self, code: Code) {
        self.on_server(|server| server.outcome.grpc = Some(code));
    }

    /// The head of the answer is on its way.
    pub fn answered(&mut self, status: StatusCode) {
        self.on_server(|server| server.outcome.http = Some(status));
    }

    /// A part of the answer's body is on its way.
    pub(super) fn body_sent(&mut self, bytes: usize) {
        self.on_server(|server| server.sent.bytes += bytes as u64);
    }

    /// The exchange is over. What comes after is ignored.
    pub fn end(&mut self, end: End) {
        self.with(|watched| watched.end(end));
    }

    /// The answer's body, watched to its end.
    pub fn watch<B: http_body::Body>(self, body: B) -> Observed<B> {
        Observed::new(body, self)
    }

    /// Whether anybody watches.
    pub fn is_watched(&self) -> bool {
        !matches!(self.0, State::Unwatched)
    }

    /// The same exchange for another part of the program to tell of.
    pub fn share(&mut self) -> Self {
        let shared = match std::mem::take(&mut self.0) {
            State::Unwatched => return Self::default(),
            State::Own(watched) => Arc::new(Mutex::new(watched)),
            State::Shared(shared) => shared,
        };
        self.0 = State::Shared(shared.clone());
        Self(State::Shared(shared))
    }

    /// The exchange, to be told of by somebody else from here on.
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    fn with<T>(&mut self, tell: impl FnOnce(&mut Watched) -> T) -> Option<T> {
        match &mut self.0 {
            State::Unwatched => None,
            State::Own(watched) => Some(tell(watched)),
            State::Shared(shared) => Some(tell(&mut lock(shared))),
        }
    }

    fn on_server(&mut self, tell: impl FnOnce(&mut Call)) {
        self.with(|watched| watched.server.as_mut().map(tell));
    }
}

fn lock(shared: &Mutex<Box<Watched>>) -> MutexGuard<'_, Box<Watched>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watched {
    fn on_message(&mut self, tell: impl FnOnce(&mut Call)) {
        if let Some(client) = &mut self.client {
            tell(client);
            self.local.sinks.progress(client);
        }
    }

    #[allow(clippy::result_large_err, reason = "as of `Exchange::admit`")]
    fn admit(
        &mut self,
        head: &Parts,
        route: Option<usize>,
        extracted: Extracted,
    ) -> Result<Context, Extracted> {
        let admitted = self.decide(head, route, extracted);
        if let Some(server) = &mut self.server {
            self.local.sinks.placed(server);
        }
        admitted
    }

    #[allow(clippy::result_large_err, reason = "as of `Exchange::admit`")]
    fn decide(
        &mut self,
        head: &Parts,
        route: Option<usize>,
        extracted: Extracted,
    ) -> Result<Context, Extracted> {
        let Self { local, server, .. } = self;
        let Some(server) = server else {
            return Err(extracted);
        };
        server.operation = route;
        if !local.sinks.spans() {
            return Err(extracted);
        }
        let operations = &local.vocabulary.operations;
        let rpc = route.map(|route| &*operations.methods()[operations.routes()[route].method].name);
        let shared = &local.shared;
        let subject = Subject::of(head, rpc);
        let admitted = shared
            .sampler
            .admit(&subject, extracted, shared.settings.formats);
        if admitted.recorded {
            let mut span = Span::new(admitted.context, admitted.links);
            span.describe(head);
            span.reach(Phase::Routed);
            let sent = span.for_child();
            server.span = Some(Box::new(span));
            return Ok(sent);
        }
        Ok(admitted.context)
    }

    fn call(&mut self) {
        let Self {
            local,
            server,
            client,
            ..
        } = self;
        let Some(server) = server else { return };
        let method = server
            .operation
            .map(|route| local.vocabulary.operations.routes()[route].method);
        let mut call = Call::begin(Kind::GrpcClient, method, Instant::now());
        call.span = server.span.as_ref().map(|span| Box::new(span.child()));
        local.sinks.began(&mut call);
        *client = Some(call);
    }

    fn called(&mut self, code: Code, message: &dyn fmt::Display, end: End) {
        let Some(mut client) = self.client.take() else {
            return;
        };
        client.ended = Instant::now();
        client.outcome.grpc = Some(code);
        client.outcome.end = end;
        self.note.called = Some(client.elapsed());
        self.local.sinks.explain(&mut client, message);
        if let Some(span) = &mut client.span {
            span.explain(code, message);
        }
        if let Some(server) = &mut self.server {
            server.outcome.grpc = Some(code);
        }
        Sinks::ended(&self.local, client);
    }

    fn end(&mut self, end: End) {
        // A call whose end nobody has waited for is one that nobody wanted any more.
        self.called(Code::Cancelled, &"", End::Cancelled);
        let Some(mut server) = self.server.take() else {
            return;
        };
        server.ended = Instant::now();
        server.outcome.end = end;
        if self.local.sinks.access_log() {
            access::log(&self.local.vocabulary, &server, &self.note);
        }
        Sinks::ended(&self.local, server);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // A panic is answered, though not from here.
        if std::thread::panicking()
            && let Some(server) = &mut self.server
        {
            server.outcome.http = Some(StatusCode::INTERNAL_SERVER_ERROR);
            server.outcome.grpc = Some(Code::Internal);
            return self.end(End::Complete);
        }
        self.end(End::Cancelled);
    }
}
