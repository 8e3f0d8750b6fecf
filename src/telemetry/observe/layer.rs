//! gRPC calls answered by tonic, watched: a tower layer around its services.

use super::call::End;
use super::frames::Frames;
use super::handle::Handle;
use super::operations::Operations;
use super::recorder::{Recorder, Telemetry};
use super::served::Served;
use crate::telemetry::propagation::{Context as Trace, Extracted, extract, span_context};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as _, Frame, SizeHint};
use opentelemetry::Context as Otel;
use opentelemetry::context::FutureExt as _;
use opentelemetry::trace::TraceContextExt as _;
use percent_encoding::percent_decode;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::{Code, Status};
use tower_service::Service;

/// Watches the gRPC calls of tonic's services: each is a span, from the first byte
/// of its request to the last of its trailers, streams included, with the status
/// that its trailers have; each is counted.
///
/// While a handler runs, its call's span is the current one of OpenTelemetry's API.
/// So spans that a handler makes are below it, and what it adds to the current span
/// is added to the call's; with [`Telemetry::tracer_provider`] they go the same way
/// out. [`Propagator`](crate::telemetry::propagation::Propagator) carries the trace
/// on with calls that the handler makes.
///
/// ```
/// # async fn example() {
/// use opentelemetry::trace::{Tracer as _, TracerProvider as _};
/// use trestle::telemetry::observe::{GrpcServerLayer, Telemetry};
///
/// let telemetry = Telemetry::default();
/// let layer = GrpcServerLayer::new(&telemetry, ["rpc.Fetch/Capitalize"]);
/// let server = tonic::transport::Server::builder()
///     .layer(layer)
///     .add_routes(trestle::fetchit::routes().await);
///
/// // In a handler:
/// let tracer = telemetry.tracer_provider().tracer("shelves");
/// tracer.in_span("sort", |_| { /* … */ });
/// # drop(server);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct GrpcServerLayer {
    recorder: Recorder,
}

/// A service watched by [`GrpcServerLayer`].
#[derive(Debug, Clone)]
pub struct GrpcServer<S> {
    inner: S,
    recorder: Recorder,
}

impl GrpcServerLayer {
    /// Watches calls of these methods, `package.Service/Method`. Calls of others are
    /// watched too, but have no name, so that the number of names has a bound.
    pub fn new(telemetry: &Telemetry, methods: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut operations = Operations::default();
        for method in methods {
            operations.add_method(method.as_ref());
        }
        Self {
            recorder: telemetry.recorder(&Arc::new(operations)),
        }
    }
}

impl<S> tower::Layer<S> for GrpcServerLayer {
    type Service = GrpcServer<S>;

    fn layer(&self, inner: S) -> GrpcServer<S> {
        GrpcServer {
            inner,
            recorder: self.recorder.clone(),
        }
    }
}

impl<S> Service<Request<Body>> for GrpcServer<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error: 'static>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (head, body) = request.into_parts();
        let extracted = extract(&head.headers);
        let Some(local) = self.recorder.local() else {
            let call = self.inner.call(Request::from_parts(head, body));
            return match passed_on(extracted) {
                Some(otel) => Box::pin(call.with_context(otel)),
                None => Box::pin(call),
            };
        };
        let (served, trace) = Served::begin(local, &head, extracted);
        let otel = match trace {
            Ok(trace) => Some(answered_in(trace, &served)),
            Err(extracted) => passed_on(extracted),
        };
        let otel = otel.unwrap_or_else(Otel::new);
        let body = Body::new(Received {
            body,
            frames: Frames::default(),
            served: served.clone(),
        });
        // Before the service is asked, which may panic at once.
        let guard = Guard(served);
        let call = self.inner.call(Request::from_parts(head, body));
        Box::pin(answer(call, guard, otel))
    }
}

/// The context of a call that is not for us to record: what its caller sent.
fn passed_on(extracted: Extracted) -> Option<Otel> {
    if extracted == Extracted::default() {
        return None;
    }
    let span = extracted.context().and_then(span_context);
    let otel = Otel::current().with_value(extracted);
    Some(match span {
        Some(span) => otel.with_remote_span_context(span),
        None => otel,
    })
}

/// The context in which a call is answered, its own span being the current one.
fn answered_in(trace: Trace, served: &Served) -> Otel {
    let own = served.on_span(|span| span.otel_context());
    let otel = Otel::current();
    match own {
        Some(own) => otel
            .with_value(Extracted::from(trace))
            .with_span(Handle::new(served.clone(), own)),
        // Nothing is recorded here, and what a handler adds is not to be either.
        None => {
            let parent = span_context(&trace);
            let otel = otel.with_value(Extracted::from(trace));
            match parent {
                Some(parent) => otel.with_remote_span_context(parent),
                None => otel,
            }
        }
    }
}

async fn answer<E>(
    call: impl Future<Output = Result<Response<Body>, E>>,
    guard: Guard,
    otel: Otel,
) -> Result<Response<Body>, E> {
    match call.with_context(otel.clone()).await {
        Ok(response) => {
            let stated = status(response.headers());
            let (head, body) = response.into_parts();
            let mut sent = Sent {
                body,
                frames: Frames::default(),
                guard,
                otel,
                stated,
            };
            if sent.body.is_end_stream() {
                sent.end();
            }
            Ok(Response::from_parts(head, Body::new(sent)))
        }
        Err(error) => {
            let fault = &"the service failed without an answer";
            guard.0.end(Code::Internal, fault, End::Broken);
            Err(error)
        }
    }
}

/// Whoever drops a call before its end has given it up.
#[derive(Debug)]
struct Guard(Served);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// The code and the message that headers or trailers state.
fn status(headers: &HeaderMap) -> Option<(Code, String)> {
    let code = Code::from_bytes(headers.get("grpc-status")?.as_bytes());
    let message = headers.get("grpc-message").map(|message| {
        let message = percent_decode(message.as_bytes());
        message.decode_utf8_lossy().into_owned()
    });
    Some((code, message.unwrap_or_default()))
}

/// A request's body on its way to the handler.
struct Received {
    body: Body,
    frames: Frames,
    served: Served,
}

/// An answer's body on its way to the caller.
struct Sent {
    body: Body,
    frames: Frames,
    guard: Guard,
    otel: Otel,
    stated: Option<(Code, String)>,
}

impl Sent {
    /// An answer that ends without a status has failed: its caller takes it so.
    fn end(&mut self) {
        let stated = self.stated.take();
        let (code, message) = stated.unwrap_or((Code::Unknown, String::new()));
        self.guard.0.end(code, &message, End::Complete);
    }
}

impl http_body::Body for Received {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let frame = Pin::new(&mut this.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            let served = &this.served;
            this.frames
                .pass(data, |bytes| served.message_received(bytes));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        // A streaming handler is at work in here.
        let attached = this.otel.clone().attach();
        let frame = Pin::new(&mut this.body).poll_frame(context);
        drop(attached);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    let served = &this.guard.0;
                    this.frames.pass(data, |bytes| served.message_sent(bytes));
                }
                if let Some(trailers) = frame.trailers_ref() {
                    this.stated = status(trailers).or(this.stated.take());
                    this.end();
                } else if this.body.is_end_stream() {
                    this.end();
                }
            }
            Poll::Ready(Some(Err(status))) => {
                let (code, message) = (status.code(), status.message());
                this.guard.0.end(code, &message, End::Broken);
            }
            Poll::Ready(None) => this.end(),
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
