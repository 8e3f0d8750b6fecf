//! OTLP by HTTP and by gRPC, as a receiver reads it, and what it may answer.

use super::receiver::{Got, Receiver, Version, grpc, gunzip, plain, with};
use super::{SOON, send, settings, span, start};
use axum::body::Bytes;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::any_value::Value,
    trace::v1::{ResourceSpans, Span, span::SpanKind, status::StatusCode},
};
use prost::Message as _;
use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

pub(super) fn decode(body: &[u8]) -> Vec<ResourceSpans> {
    ExportTraceServiceRequest::decode(body)
        .unwrap()
        .resource_spans
}

fn spans(resources: &[ResourceSpans]) -> Vec<Span> {
    let scopes = resources.iter().flat_map(|resource| &resource.scope_spans);
    scopes.flat_map(|scope| scope.spans.clone()).collect()
}

/// That it is `span(7)` and nothing else.
pub(super) fn assert_is_the_span(resources: &[ResourceSpans]) {
    let [resource] = resources else {
        panic!("{resources:?}");
    };
    let attributes = &resource.resource.as_ref().unwrap().attributes;
    let text = |key: &str| {
        let found = attributes.iter().find(|pair| pair.key == key)?;
        match found.value.as_ref()?.value.as_ref()? {
            Value::StringValue(text) => Some(text.clone()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(text("service.name").unwrap(), "exporters-test");
    assert_eq!(text("telemetry.sdk.language").unwrap(), "rust");
    assert_eq!(
        resource.scope_spans[0].scope.as_ref().unwrap().name,
        "trestle"
    );
    let spans = spans(resources);
    let [span] = &spans[..] else {
        panic!("{spans:?}");
    };
    assert_eq!(span.name, "rpc.Fetch/Capitalize");
    assert_eq!(span.kind, SpanKind::Client as i32);
    assert_eq!(
        span.trace_id,
        0x6553_f100_0000_0000_0000_0000_0000_0001_u128.to_be_bytes()
    );
    assert_eq!(span.span_id, 7_u64.to_be_bytes());
    assert_eq!(span.parent_span_id, 0x77_u64.to_be_bytes());
    assert_eq!(span.start_time_unix_nano, 1_700_000_000_000_000_000);
    assert_eq!(span.end_time_unix_nano, 1_700_000_000_005_000_000);
    assert_eq!(span.attributes.len(), 2);
    assert_eq!(span.events[0].name, "Data in");
    let status = span.status.as_ref().unwrap();
    assert_eq!(status.code, StatusCode::Error as i32);
    assert_eq!(status.message, "the backend is gone");
}

#[test]
fn a_span_goes_by_http() {
    let receiver = Receiver::http([]);
    let counters = send(
        &settings(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.url()),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=k%20y"),
        ]),
        [7],
    );
    let got = receiver.next();
    assert_eq!(
        (got.method.as_str(), got.uri.path()),
        ("POST", "/v1/traces")
    );
    assert_eq!(got.header("content-type"), "application/x-protobuf");
    assert_eq!(got.header("api-key"), "k y");
    assert!(got.header("user-agent").starts_with("trestle/"));
    assert_eq!(got.header("content-encoding"), "");
    assert_is_the_span(&decode(&got.body));
    assert_eq!(counters.total().exported, 1);
    assert!(receiver.rest().is_empty());
}

#[test]
fn a_span_goes_by_http_compressed() {
    let receiver = Receiver::http([]);
    let counters = send(
        &settings(&[
            (
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                &format!("{}/x", receiver.url()),
            ),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ]),
        [7],
    );
    let got = receiver.next();
    assert_eq!(got.uri.path(), "/x");
    assert_eq!(got.header("content-encoding"), "gzip");
    assert_is_the_span(&decode(&got.unpacked()));
    assert_eq!(counters.total().exported, 1);
}

/// The message in a gRPC frame.
pub(super) fn unframe(got: &Got) -> Bytes {
    let (head, message) = got.body.split_at(5);
    assert_eq!(
        message.len(),
        u32::from_be_bytes(head[1..].try_into().unwrap()) as usize
    );
    match head[0] {
        0 => got.body.slice(5..),
        _ => gunzip(message),
    }
}

#[test]
fn a_span_goes_by_grpc_with_and_without_compression() {
    for compression in ["none", "gzip"] {
        // A receiver made by hand, so that every byte is seen.
        let receiver = Receiver::start(Version::Http2, None, []);
        let counters = send(
            &settings(&[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.url()),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
                ("OTEL_EXPORTER_OTLP_COMPRESSION", compression),
                ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=k"),
            ]),
            [7],
        );
        let got = receiver.next();
        let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
        assert_eq!((got.uri.path(), got.header("te")), (path, "trailers"));
        assert_eq!(got.header("api-key"), "k");
        assert_eq!(got.body[0] == 1, compression == "gzip");
        assert_is_the_span(&decode(&unframe(&got)));
        // The stand-in ends without a message, which is no success of gRPC's.
        assert_eq!(counters.total().failed, 1, "{compression}");
    }
}

/// Another implementation's service, tonic's own server.
struct Sink(mpsc::SyncSender<ExportTraceServiceRequest>);

#[tonic::async_trait]
impl TraceService for Sink {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        self.0.send(request.into_inner()).unwrap();
        let partial_success = Some(ExportTracePartialSuccess {
            rejected_spans: 2,
            error_message: "too old".to_owned(),
        });
        Ok(tonic::Response::new(ExportTraceServiceResponse {
            partial_success,
        }))
    }
}

#[test]
fn a_grpc_server_takes_some_and_rejects_some() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sink, got) = mpsc::sync_channel(16);
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let service = TraceServiceServer::new(Sink(sink));
            let routes = tonic::service::Routes::new(service).into_axum_router();
            let serve = async |stream| {
                let io = hyper_util::rt::TokioIo::new(stream);
                let service = hyper_util::service::TowerToHyperService::new(routes.clone());
                hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new())
                    .serve_connection(io, service)
                    .await
            };
            let (stream, _) = listener.accept().await.unwrap();
            serve(stream).await
        })
    });
    let counters = send(
        &settings(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &url),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ]),
        1..=5,
    );
    let request = got.recv_timeout(SOON).unwrap();
    assert_eq!(spans(&request.resource_spans).len(), 5);
    let total = counters.total();
    assert_eq!((total.exported, total.failed), (3, 2));
}

#[test]
fn what_is_only_busy_is_tried_again() {
    let answers = [
        plain(503, "later"),
        with(plain(429, ""), "retry-after", "1"),
        plain(502, ""),
    ];
    let receiver = Receiver::http(answers);
    let started = Instant::now();
    let counters = send(
        &settings(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.url())]),
        [7],
    );
    let total = counters.total();
    assert_eq!((total.exported, total.failed), (1, 0));
    assert!(
        started.elapsed() >= Duration::from_secs(1),
        "it waits as it is told"
    );
    let bodies: Vec<_> = receiver.rest().into_iter().map(|got| got.body).collect();
    assert_eq!(bodies.len(), 4);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

#[test]
fn what_is_refused_for_good_is_sent_once_and_counted() {
    for status in [400, 401, 403, 404, 413, 500, 501, 301] {
        let receiver = Receiver::http([plain(status, "no")]);
        let counters = send(
            &settings(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.url())]),
            [7],
        );
        assert_eq!(counters.total().failed, 1, "{status}");
        assert_eq!(receiver.rest().len(), 1, "{status}");
    }
}

#[test]
fn grpc_codes_are_tried_again_as_the_protocol_says() {
    let exhausted_for_a_while = || {
        // google.rpc.Status with a google.rpc.RetryInfo of 100 ms.
        let details = "CAgaMwoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIHCgUQgMLXLw";
        with(grpc(8, "slow down"), "grpc-status-details-bin", details)
    };
    // A code, and how often the message is sent in all: the second answer is final.
    for (first, times) in [
        (grpc(14, "away"), 2),
        (grpc(1, "cancelled"), 2),
        (grpc(4, "late"), 2),
        (grpc(10, "aborted"), 2),
        (grpc(8, "exhausted"), 1),
        (exhausted_for_a_while(), 2),
        (grpc(3, "invalid"), 1),
        (grpc(16, "who"), 1),
        (grpc(12, "what"), 1),
        (grpc(13, "oops"), 1),
    ] {
        let case = format!("{:?}", first.headers());
        let receiver = Receiver::start(Version::Http2, None, [first, grpc(3, "enough")]);
        let settings = settings(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.url()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ]);
        assert_eq!(send(&settings, [7]).total().failed, 1, "{case}");
        assert_eq!(receiver.rest().len(), times, "{case}");
    }
}

#[test]
fn a_large_batch_goes_in_several_messages() {
    let receiver = Receiver::http([]);
    let settings = settings(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.url()),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "64"),
    ]);
    let pipeline = start(&settings);
    let (sender, counters) = (pipeline.sender(), pipeline.counters());
    let large = |number, bytes: usize| {
        let mut span = span(number);
        span.attributes = vec![opentelemetry::KeyValue::new("long", "x".repeat(bytes))];
        span
    };
    (0..63).for_each(|number| sender.send(large(number, 150_000)));
    // One that no receiver takes.
    sender.send(large(63, 3_000_000));
    pipeline.shutdown(SOON);
    let total = counters.total();
    assert_eq!((total.exported, total.failed), (63, 1));
    let bodies: Vec<_> = receiver.rest().into_iter().map(|got| got.body).collect();
    assert!(bodies.len() >= 3 && bodies.iter().all(|body| body.len() <= 4_000_000));
    let mut ids: Vec<_> = bodies
        .iter()
        .flat_map(|body| spans(&decode(body)))
        .map(|span| u64::from_be_bytes(span.span_id.try_into().unwrap()))
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..63).collect::<Vec<_>>());
}
