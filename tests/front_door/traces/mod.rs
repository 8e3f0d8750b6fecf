//! Spans through the front door: what a trace of a request looks like to whoever
//! keeps it.

mod ends;
mod propagation;
mod sampled;

use crate::{Running, backend, serve};
use opentelemetry::trace::SpanKind;
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use trestle::fetchit;
use trestle::gateway::{self, Gateway};
use trestle::telemetry::export::{Batching, Destination, Exporting, Pipeline};
use trestle::telemetry::observe::{Settings, Telemetry};
use trestle::telemetry::span::{Names, Record};
use trestle::upstream::{self, Upstream};

const PATIENCE: Duration = Duration::from_secs(10);

/// A destination that hands every span to the test.
struct ToTest(mpsc::UnboundedSender<SpanData>);

impl Destination for ToTest {
    fn name(&self) -> &'static str {
        "test"
    }

    fn delay(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }

    fn export(&mut self, batch: Vec<SpanData>) -> Exporting<'_> {
        for span in batch {
            // A test that has what it wants does not wait for the rest.
            let _ = self.0.send(span);
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Where spans come out.
struct Spans {
    telemetry: Telemetry,
    spans: mpsc::UnboundedReceiver<SpanData>,
    _pipeline: Pipeline<Record>,
}

impl Spans {
    fn new(settings: Settings) -> Self {
        let (sender, spans) = mpsc::unbounded_channel();
        let destinations: Vec<Box<dyn Destination>> = vec![Box::new(ToTest(sender))];
        let pipeline = Pipeline::new(Batching::default(), destinations).unwrap();
        Self {
            telemetry: Telemetry::new(settings, Some(pipeline.sender())),
            spans,
            _pipeline: pipeline,
        }
    }

    /// The next spans, as many as are expected, in the order of their beginning.
    async fn next(&mut self, count: usize) -> Vec<SpanData> {
        let mut spans = Vec::new();
        while spans.len() < count {
            let next = timeout(PATIENCE, self.spans.recv()).await;
            let Ok(Some(span)) = next else {
                panic!("of {count} spans only these came: {spans:#?}");
            };
            spans.push(span);
        }
        spans.sort_by_key(|span: &SpanData| span.start_time);
        spans
    }

    /// A gateway before the scripted backend, watched by this.
    async fn gateway(&self, backend: &backend::Backend) -> Running {
        let upstream =
            Upstream::connect_lazy(&backend.url(), upstream::Settings::default()).unwrap();
        let builder = Gateway::builder(crate::pool()).telemetry(self.telemetry.clone());
        serve(builder.build(upstream).unwrap())
    }

    /// A gateway before fetchIt behind a socket of its own, both watched by this.
    async fn both(&self) -> Running {
        let settings = fetchit::Settings {
            telemetry: self.telemetry.clone(),
            ..fetchit::Settings::default()
        };
        let backend = fetchit::Backend::bind("127.0.0.1:0".parse().unwrap(), settings);
        let backend = backend.await.unwrap();
        let url = format!("http://{}", backend.local_addr());
        tokio::spawn(backend.serve(std::future::pending()));
        let upstream = Upstream::connect_lazy(&url, upstream::Settings::default()).unwrap();
        let builder = Gateway::builder(trestle::descriptors::embedded())
            .settings(gateway::Settings::default())
            .telemetry(self.telemetry.clone());
        serve(builder.build(upstream).unwrap())
    }
}

fn attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let mut attributes = attributes.iter();
    attributes
        .find(|attribute| attribute.key.as_str() == key)
        .map(|attribute| &attribute.value)
}

/// An attribute as text; empty where it is absent.
fn text(span: &SpanData, key: &str) -> String {
    attribute(&span.attributes, key).map_or_else(String::new, ToString::to_string)
}

/// The names of a span's events, and the numbers and sizes of those that are
/// messages.
fn events(span: &SpanData) -> Vec<String> {
    let event = |event: &opentelemetry::trace::Event| {
        let value = |key| attribute(&event.attributes, key).map(ToString::to_string);
        match (value("rpc.message.type"), value("rpc.message.id")) {
            (Some(direction), Some(number)) => {
                let size = value("rpc.message.uncompressed_size").unwrap_or_default();
                format!("{direction} {number} {size}")
            }
            _ => event.name.to_string(),
        }
    };
    span.events.iter().map(event).collect()
}

/// Whether `child` is below `parent`, in time too.
fn is_below(child: &SpanData, parent: &SpanData) -> bool {
    child.parent_span_id == parent.span_context.span_id()
        && child.span_context.trace_id() == parent.span_context.trace_id()
        && child.start_time >= parent.start_time
}

const BODY: &str = r#"{"id":7,"data":"aGVsbG8gd29ybGQ="}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_trace_from_its_first_byte_to_the_backends_own_span() {
    let mut spans = Spans::new(Settings::default());
    let gateway = spans.both().await;
    let headers = [
        "Authorization: Bearer s3cret",
        "Cookie: s3cret",
        "User-Agent: t/1",
    ];
    let answer = gateway
        .post("/api/capitalize?s3cret&id=s3cret", &headers, BODY)
        .await;
    assert_eq!(answer.status, 400, "a query that is no field");
    let refused = spans.next(1).await.remove(0);
    assert_eq!(text(&refused, "url.query"), "REDACTED&id=REDACTED");
    assert!(!format!("{refused:?}").contains("s3cret"));

    let answer = gateway.post("/api/capitalize", &headers, BODY).await;
    assert_eq!(answer.status, 200);
    let trace = spans.next(4).await;
    let [http, client, server, own] = &trace[..] else {
        panic!("{trace:#?}");
    };
    assert_eq!(http.name, "POST /api/capitalize");
    assert_eq!(client.name, "rpc.Fetch/Capitalize");
    assert_eq!(server.name, "rpc.Fetch/Capitalize");
    assert_eq!(own.name, "(*fetchIt).Capitalize");
    let kinds = [http, client, server, own].map(|span| span.span_kind.clone());
    use SpanKind::{Client, Internal, Server};
    assert_eq!(kinds, [Server, Client, Server, Internal]);
    assert!(is_below(client, http) && is_below(server, client) && is_below(own, server));
    assert!(server.parent_span_is_remote && !client.parent_span_is_remote);
    assert!(!own.parent_span_is_remote);
    for (inner, outer) in [(client, http), (server, client), (own, server)] {
        assert!(
            inner.end_time <= outer.end_time,
            "{} in {}",
            inner.name,
            outer.name
        );
    }
    assert_eq!(
        answer.header("x-trace-id").unwrap(),
        http.span_context.trace_id().to_string()
    );

    for (key, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/api/capitalize"),
        ("http.response.status_code", "200"),
        ("url.path", "/api/capitalize"),
        ("url.scheme", "http"),
        ("url.query", ""),
        ("server.address", "t"),
        ("network.peer.address", "127.0.0.1"),
        ("network.protocol.version", "1.1"),
        ("user_agent.original", "t/1"),
        ("http.request.body.size", "34"),
        ("http.response.body.size", "34"),
        ("error.type", ""),
    ] {
        assert_eq!(text(http, key), value, "{key}");
    }
    for span in [client, server] {
        assert_eq!(text(span, "rpc.system.name"), "grpc");
        assert_eq!(text(span, "rpc.method"), "rpc.Fetch/Capitalize");
        assert_eq!(text(span, "rpc.response.status_code"), "OK");
    }
    assert_eq!(
        events(http),
        [
            "request.routed",
            "request.decoded",
            "reply.received",
            "reply.encoded"
        ]
    );
    assert_eq!(events(client), ["SENT 1 15", "RECEIVED 1 15"]);
    assert_eq!(events(server), ["RECEIVED 1 15", "SENT 1 15"]);
    let data_in = &own.events[0];
    assert_eq!(data_in.name, "Data in");
    assert_eq!(attribute(&data_in.attributes, "len"), Some(&Value::I64(11)));
    assert!(!format!("{trace:?}").contains("s3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_those_of_the_conventions_chosen() {
    for (names, expected, sent) in [
        (
            Names::GrpcA72,
            [
                "POST /api/capitalize",
                "Sent.rpc.Fetch.Capitalize",
                "Recv.rpc.Fetch.Capitalize",
            ],
            "Outbound message",
        ),
        (
            Names::OpenCensus,
            [
                "/api/capitalize",
                "rpc.Fetch.Capitalize",
                "rpc.Fetch.Capitalize",
            ],
            "message",
        ),
    ] {
        let mut spans = Spans::new(Settings {
            names,
            ..Settings::default()
        });
        let gateway = spans.both().await;
        gateway.post("/api/capitalize", &[], BODY).await;
        let trace = spans.next(4).await;
        let found: Vec<&str> = trace[..3].iter().map(|span| &*span.name).collect();
        assert_eq!(found, expected);
        assert_eq!(trace[1].events[0].name, sent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_the_same_process_is_part_of_the_trace() {
    let mut spans = Spans::new(Settings::default());
    let service = fetchit::watched(&spans.telemetry).await;
    let upstream = Upstream::service(service, &upstream::Settings::default());
    let builder = Gateway::builder(trestle::descriptors::embedded());
    let gateway = builder.telemetry(spans.telemetry.clone()).build(upstream);
    let gateway = serve(gateway.unwrap());
    gateway.post("/api/capitalize", &[], BODY).await;
    let trace = spans.next(4).await;
    assert!(
        trace.windows(2).all(|pair| is_below(&pair[1], &pair[0])),
        "{trace:#?}"
    );
}
