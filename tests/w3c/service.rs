//! The backend that the W3C's trace-context suite is played to: a gRPC service whose
//! handler makes the HTTP calls that it is asked for, each as a span of its own. Its
//! trace is what the gateway sent, read by the layer that any tonic server can have,
//! and written into the calls by OpenTelemetry's API.
//!
//! Usage: `OTEL_TRACES_EXPORTER=console w3c_service ADDRESS PROTO_FOLDER`
#![allow(missing_docs, clippy::unwrap_used)]

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use opentelemetry::Context as Otel;
use opentelemetry::context::FutureExt as _;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry_http::HeaderInjector;
use opentelemetry_sdk::trace::SdkTracer;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use std::convert::Infallible;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tower_service::Service;
use trestle::descriptors;
use trestle::telemetry::export::{Pipeline, Settings};
use trestle::telemetry::observe::{self, GrpcServerLayer, Telemetry};
use trestle::telemetry::propagation::Propagator;
use trestle::telemetry::span::Record;

/// `w3c.Caller`.
#[derive(Clone)]
struct Caller {
    calls: MessageDescriptor,
    tracer: SdkTracer,
}

impl NamedService for Caller {
    const NAME: &'static str = "w3c.Caller";
}

impl Service<Request<Body>> for Caller {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Self { calls, tracer } = self.clone();
        Box::pin(async move {
            let frame = request.into_body().collect().await.unwrap().to_bytes();
            // A flag and a size stand before the one message.
            let message = DynamicMessage::decode(calls, frame.slice(5..)).unwrap();
            let asked = serde_json::to_value(&message).unwrap();
            for call in asked["calls"].as_array().into_iter().flatten() {
                let url = call["url"].as_str().unwrap().parse().unwrap();
                let span = Otel::current_with_span(tracer.start("POST"));
                let made = make(url, call["arguments"].to_string());
                made.with_context(span).await;
            }
            let mut answer = Response::new(Body::new(Full::new(Bytes::from_static(&[0; 5]))));
            let headers = answer.headers_mut();
            headers.insert("content-type", "application/grpc".parse().unwrap());
            // With the head, since there is nothing that could fail after it.
            headers.insert("grpc-status", "0".parse().unwrap());
            Ok(answer)
        })
    }
}

/// Makes one call within the current trace.
async fn make(url: Uri, arguments: String) {
    let address = url.authority().unwrap().as_str();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let io = TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::post(url.path())
        .header("host", address)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(arguments)))
        .unwrap();
    let mut injector = HeaderInjector(request.headers_mut());
    Propagator::default().inject_context(&Otel::current(), &mut injector);
    let answer = sender.send_request(request).await.unwrap();
    answer.into_body().collect().await.unwrap();
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, address, folder] = &arguments[..] else {
        panic!("usage: w3c_service ADDRESS PROTO_FOLDER");
    };
    let folder = Path::new(folder);
    let pool = descriptors::from_protos(&[folder.join("calls.proto")], &[folder]);
    let calls = pool.unwrap().get_message_by_name("w3c.Calls").unwrap();
    let export = Settings::from_env(|name| std::env::var(name).ok(), "w3c_service").unwrap();
    let pipeline: Pipeline<Record> = export.start().unwrap().expect("an exporter is chosen");
    let telemetry = Telemetry::new(observe::Settings::default(), Some(pipeline.sender()));
    let layer = GrpcServerLayer::new(&telemetry, ["w3c.Caller/Make"]);
    let tracer = telemetry.tracer_provider().tracer("w3c_service");
    tonic::transport::Server::builder()
        .layer(layer)
        .add_routes(Routes::new(Caller { calls, tracer }))
        .serve(address.parse().unwrap())
        .await
        .unwrap();
}
