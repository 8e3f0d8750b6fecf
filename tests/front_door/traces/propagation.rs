//! Whose trace a request belongs to.

use super::Spans;
use crate::backend::Backend;
use trestle::telemetry::observe::Settings;
use trestle::telemetry::propagation::Formats;
use trestle::telemetry::sampling;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
const PARENT: &str = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test(flavor = "multi_thread")]
async fn what_else_a_request_names_is_linked() {
    let backend = Backend::start().await;
    let mut spans = Spans::new(Settings::default());
    let gateway = spans.gateway(&backend).await;
    let xray = format!("X-Amzn-Trace-Id: Root={ROOT}");
    gateway.post("/v1/echo", &[PARENT, &xray], "{}").await;
    let trace = spans.next(2).await;
    assert_eq!(trace[0].span_context.trace_id().to_string(), TRACE);
    let [link] = &trace[0].links[..] else {
        panic!("{:?}", trace[0].links);
    };
    assert_eq!(
        link.span_context.trace_id().to_string(),
        ROOT[2..].replace('-', "")
    );
    assert_eq!(link.attributes[0].value.to_string(), "x-amzn-trace-id");
    assert!(trace[1].links.is_empty());
    assert!(
        backend
            .seen()
            .pop()
            .unwrap()
            .headers
            .get("x-amzn-trace-id")
            .is_none()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_balancers_trace_goes_on_with_a_root_span_of_ours() {
    let backend = Backend::start().await;
    let mut spans = Spans::new(Settings::default());
    let gateway = spans.gateway(&backend).await;
    let xray = format!("X-Amzn-Trace-Id: Root={ROOT}");
    gateway.post("/v1/echo", &[&xray], "{}").await;
    let http = spans.next(2).await.remove(0);
    assert_eq!(
        http.span_context.trace_id().to_string(),
        ROOT[2..].replace('-', "")
    );
    assert_eq!(http.parent_span_id, opentelemetry::SpanId::INVALID);
    assert!(!http.parent_span_is_remote);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_begin_no_trace_of_ours() {
    let backend = Backend::start().await;
    let mut sampling = sampling::Settings::default();
    sampling.public_endpoint = true;
    let mut spans = Spans::new(Settings {
        sampling,
        ..Settings::default()
    });
    let gateway = spans.gateway(&backend).await;
    gateway
        .post("/v1/echo", &[PARENT, "baggage: k=v"], "{}")
        .await;
    let http = spans.next(2).await.remove(0);
    assert_ne!(http.span_context.trace_id().to_string(), TRACE);
    assert_eq!(http.parent_span_id, opentelemetry::SpanId::INVALID);
    assert_eq!(http.links[0].span_context.trace_id().to_string(), TRACE);
    assert!(
        backend
            .seen()
            .pop()
            .unwrap()
            .headers
            .get("baggage")
            .is_none()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_begin_with_the_time_where_xray_is_to_take_them() {
    let backend = Backend::start().await;
    let mut spans = Spans::new(Settings {
        formats: Formats::XRAY,
        ..Settings::default()
    });
    let gateway = spans.gateway(&backend).await;
    gateway.post("/v1/echo", &[], "{}").await;
    let http = spans.next(2).await.remove(0);
    let id = http.span_context.trace_id().to_bytes();
    let seconds = u64::from(u32::from_be_bytes([id[0], id[1], id[2], id[3]]));
    let began = http
        .start_time
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    assert!(seconds.abs_diff(began.as_secs()) <= 1, "{seconds}");
}
