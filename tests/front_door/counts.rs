//! What the metrics and the debug pages say of exchanges, read as an operator
//! reads them.

use crate::backend::Backend;
use crate::{Running, pool, raw, serve};
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower::ServiceExt as _;
use trestle::admin::{Probe, Readiness, State, router};
use trestle::gateway::Gateway;
use trestle::telemetry::metrics::Format;
use trestle::telemetry::observe::{Counting, Settings, Telemetry};
use trestle::upstream::{self, Upstream};
use trestle::{descriptors, fetchit};

/// A gateway whose exchanges are counted.
struct Counted {
    backend: Backend,
    gateway: Running,
    telemetry: Telemetry,
}

impl Counted {
    async fn start() -> Self {
        let backend = Backend::start().await;
        let telemetry = Telemetry::new(Settings::default(), None).counting(Counting {
            target: "dns:///backend:1".to_owned(),
            ..Counting::default()
        });
        let settings = upstream::Settings::default();
        let upstream = Upstream::connect_lazy(&backend.url(), settings).unwrap();
        let builder = Gateway::builder(pool()).telemetry(telemetry.clone());
        let gateway = serve(builder.build(upstream).unwrap());
        Self {
            backend,
            gateway,
            telemetry,
        }
    }

    fn text(&self) -> String {
        let registry = self.telemetry.ledger().unwrap().registry();
        registry.scrape(Format::Prometheus).collect()
    }

    /// The value of the one sample of this name whose labels hold all of `labels`.
    fn sample(&self, name: &str, labels: &[&str]) -> Option<f64> {
        let text = self.text();
        let mut found = text.lines().filter(|line| {
            let rest = line.strip_prefix(name).unwrap_or_default();
            rest.starts_with('{') && labels.iter().all(|label| line.contains(label))
        });
        let line = found.next()?;
        assert_eq!(found.next(), None, "{name} {labels:?} is not one sample");
        line.rsplit(' ').next()?.parse().ok()
    }

    /// Waits until a sample has a value: exchanges are counted when they are over,
    /// which may be after their answers have come.
    async fn until(&self, name: &str, labels: &[&str], expected: f64) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while self.sample(name, labels) != Some(expected) {
            let late = tokio::time::Instant::now() > deadline;
            assert!(
                !late,
                "{name} {labels:?} is not {expected}:\n{}",
                self.text()
            );
            tokio::task::yield_now().await;
        }
    }

    /// A debug page as JSON.
    async fn page(&self, path: &str) -> Value {
        let probe = Arc::new(Probe::new(|| Box::pin(std::future::ready(Ok(())))));
        let state = State::new(Readiness::default(), probe).telemetry(self.telemetry.clone());
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        let request = Request::get(path)
            .header("host", "localhost")
            .header("accept", "application/json")
            .extension(axum::extract::ConnectInfo(peer))
            .body(Body::empty())
            .unwrap();
        let response = router(state).oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_later_recorder_knows_is_counted_without_a_name() {
    let telemetry = Telemetry::new(Settings::default(), None).counting(Counting::default());
    // The first, which knows of methods and of no routes.
    let service = fetchit::watched(&telemetry).await;
    let upstream = Upstream::service(service, &upstream::Settings::default());
    let builder = Gateway::builder(descriptors::embedded()).telemetry(telemetry.clone());
    let counted = Counted {
        backend: Backend::start().await,
        gateway: serve(builder.build(upstream).unwrap()),
        telemetry,
    };
    let body = r#"{"id":7,"data":"aGVsbG8="}"#;
    let answer = counted.gateway.post("/api/capitalize", &[], body).await;
    assert_eq!(answer.status, 200);
    let capitalize = ["grpc_method=\"rpc.Fetch/Capitalize\""];
    for name in [
        "grpc_client_attempt_duration_seconds_count",
        "grpc_server_call_duration_seconds_count",
    ] {
        counted.until(name, &capitalize, 1.0).await;
    }
    let posts = ["\"POST\"", "\"200\""];
    let requests = "http_server_request_duration_seconds_count";
    counted.until(requests, &posts, 1.0).await;
    assert!(!counted.text().contains("http_route"));
    let families = counted.page("/debug/requests").await;
    let listed = families["families"].as_array().unwrap();
    assert!(
        listed.iter().all(|family| family["active"] == 0),
        "{families}"
    );
}

/// The label of a method.
fn method(name: &str) -> String {
    format!("grpc_method=\"every.v1.Every/{name}\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_counted_by_method_and_status_with_the_sizes_of_their_messages() {
    let counted = Counted::start().await;
    let message = method("Echo");
    for _ in 0..3 {
        let answer = counted.gateway.post("/v1/echo", &[], r#"{"i32":7}"#).await;
        assert_eq!(answer.status, 200);
    }
    let failing = ["Grpc-Metadata-Script: trailers-only 5"];
    let answer = counted.gateway.post("/v1/echo", &failing, "{}").await;
    assert_eq!(answer.status, 404);
    let answer = counted.gateway.post("/v1/echo", &[], "{").await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        counted
            .gateway
            .send("GET /nowhere HTTP/1.1\r\nHost: t\r\n\r\n")
            .await
            .status,
        404
    );

    let ok = [
        message.as_str(),
        "grpc_status=\"OK\"",
        "grpc_target=\"dns:///backend:1\"",
    ];
    let attempt = "grpc_client_attempt";
    counted
        .until(&format!("{attempt}_duration_seconds_count"), &ok, 3.0)
        .await;
    counted
        .until("grpc_client_call_duration_seconds_count", &ok, 3.0)
        .await;
    // `i32: 7` is two bytes of protobuf, either way.
    for way in ["sent", "rcvd"] {
        let name = format!("{attempt}_{way}_total_compressed_message_size_bytes");
        counted.until(&format!("{name}_sum"), &ok, 6.0).await;
        counted.until(&format!("{name}_count"), &ok, 3.0).await;
    }
    let missing = [message.as_str(), "grpc_status=\"NOT_FOUND\""];
    counted
        .until(&format!("{attempt}_duration_seconds_count"), &missing, 1.0)
        .await;
    // The call that could not be made was not begun.
    counted
        .until(&format!("{attempt}_started_total"), &[&message], 4.0)
        .await;

    let requests = "http_server_request_duration_seconds_count";
    let route = "http_route=\"/v1/echo\"";
    for (status, count) in [("200", 3.0), ("404", 1.0), ("400", 1.0)] {
        let status = format!("http_response_status_code=\"{status}\"");
        counted
            .until(requests, &[route, &status, "POST"], count)
            .await;
    }
    counted
        .until(
            "http_server_request_body_size_bytes_sum",
            &[route, "\"200\""],
            27.0,
        )
        .await;
    let text = counted.text();
    let unrouted: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with(requests) && !line.contains("http_route"))
        .collect();
    assert_eq!(unrouted.len(), 1, "{unrouted:?}");
    assert!(
        unrouted[0].contains("\"GET\"") && unrouted[0].ends_with(" 1"),
        "{unrouted:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_under_way_once_clients_have_left() {
    let counted = Counted::start().await;
    let silent = b"GET /v1/query HTTP/1.1\r\nHost: t\r\nGrpc-Metadata-Script: silent\r\n\r\n";
    let mut streams = Vec::new();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(counted.gateway.address).await.unwrap();
        stream.write_all(silent).await.unwrap();
        streams.push(stream);
    }
    counted.backend.wait_begun(5).await;
    let active = "http_server_active_requests";
    counted.until(active, &["\"GET\""], 5.0).await;
    let traces = counted
        .page("/debug/tracez?zspanname=GET%20/v1/query&ztype=0")
        .await;
    assert_eq!(traces.as_array().unwrap().len(), 5, "{traces}");
    let families = counted.page("/debug/requests").await;
    let listed = families["families"].as_array().unwrap();
    let under_way: i64 = listed
        .iter()
        .filter_map(|family| family["active"].as_i64())
        .sum();
    assert_eq!(under_way, 10, "the exchange and its call, each: {families}");

    drop(streams);
    counted.until(active, &["\"GET\""], 0.0).await;
    let cancelled = ["grpc_status=\"CANCELLED\""];
    counted
        .until(
            "grpc_client_attempt_duration_seconds_count",
            &cancelled,
            5.0,
        )
        .await;
    let left = ["error_type=\"cancelled\"", "http_route=\"/v1/query\""];
    counted
        .until("http_server_request_duration_seconds_count", &left, 5.0)
        .await;
    assert_eq!(counted.page("/debug").await["callsUnderWay"], 0);
    let errors = counted
        .page("/debug/tracez?zspanname=GET%20/v1/query&ztype=2")
        .await;
    assert_eq!(
        (&errors[0]["cut"], &errors[0]["failed"]),
        (&true.into(), &true.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streams_messages_are_counted_and_it_ends_once() {
    let counted = Counted::start().await;
    let request =
        b"GET /v1/watch?i32=7 HTTP/1.1\r\nHost: t\r\nGrpc-Metadata-Script: stream 3\r\n\r\n";
    let streamed = raw::stream(counted.gateway.address, request).await;
    assert_eq!((streamed.answer.status, streamed.finished), (200, true));
    let watch = method("Watch");
    let ok = [watch.as_str(), "grpc_status=\"OK\""];
    counted
        .until("grpc_client_attempt_duration_seconds_count", &ok, 1.0)
        .await;
    for (way, bytes) in [("sent", 2.0), ("rcvd", 6.0)] {
        let name = format!("grpc_client_attempt_{way}_total_compressed_message_size_bytes");
        counted.until(&format!("{name}_sum"), &ok, bytes).await;
        counted.until(&format!("{name}_count"), &ok, 1.0).await;
    }
    let traces = "/debug/tracez?zspanname=Sent.every.v1.Every/Watch&ztype=1&zsubtype=";
    let mut found = Vec::new();
    for bucket in 0..9 {
        let samples = counted.page(&format!("{traces}{bucket}")).await;
        found.extend(samples.as_array().unwrap().clone());
    }
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["received"], json!({ "messages": 3, "bytes": 6 }));
    counted
        .until("http_server_active_requests", &["\"GET\""], 0.0)
        .await;
}

/// One series for each that is known beforehand, however many paths, methods and
/// hosts are made up.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_made_up_requests_make_no_series() {
    const REQUESTS: usize = 100_000;
    let counted = Counted::start().await;
    // Each kind of answer once, so that its series is there.
    let mut stream = TcpStream::connect(counted.gateway.address).await.unwrap();
    burst(&mut stream, 0..100).await;
    let before = series(&counted.text());
    let requests = (100..REQUESTS).step_by(1_000);
    for first in requests {
        burst(&mut stream, first..(first + 1_000).min(REQUESTS)).await;
    }
    let name = "http_server_active_requests";
    counted.until(name, &["\"_OTHER\""], 0.0).await;
    let after = series(&counted.text());
    assert_eq!(after.difference(&before).collect::<Vec<_>>(), [""; 0]);
    let text = counted.text();
    let answered = text
        .lines()
        .filter(|line| line.starts_with("http_server_request_duration_seconds_count"))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    assert_eq!(answered.sum::<f64>(), REQUESTS as f64);
}

/// Sends requests that nobody has foreseen, all at once, and reads every answer.
async fn burst(stream: &mut TcpStream, numbers: std::ops::Range<usize>) {
    let count = numbers.len();
    let mut requests = String::new();
    for number in numbers {
        let random = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let method = match number % 4 {
            0 => "GET".to_owned(),
            1 => "POST".to_owned(),
            2 => format!("M{random:x}"),
            _ => "DELETE".to_owned(),
        };
        let path = match number % 3 {
            0 => format!("/{random:x}"),
            1 => format!("/v1/{random:x}/{number}?q={random}"),
            _ => format!("/front.Every/M{random:x}"),
        };
        requests.push_str(&format!(
            "{method} {path} HTTP/1.1\r\nHost: h{random:x}.example\r\nContent-Length: 0\r\n\r\n"
        ));
    }
    let (mut reader, mut writer) = stream.split();
    let read = async {
        let (mut text, mut answers, mut seen) = (Vec::new(), 0, 0);
        while answers < count {
            assert!(
                reader.read_buf(&mut text).await.unwrap() > 0,
                "closed after {answers}"
            );
            let unseen = &text[seen..];
            answers += unseen.windows(9).filter(|it| it == b"HTTP/1.1 ").count();
            // What may be the beginning of the next is looked at again.
            seen = text.len().saturating_sub(8).max(seen);
        }
    };
    let (written, ()) = tokio::join!(writer.write_all(requests.as_bytes()), read);
    written.unwrap();
}

/// The series of metrics about requests; those about the process come and go with
/// what the system tells.
fn series(text: &str) -> HashSet<String> {
    let of_requests = |line: &&str| line.starts_with("http_") || line.starts_with("grpc_");
    let lines = text.lines().filter(of_requests);
    lines
        .filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()))
        .collect()
}
