//! What is recorded, and what the backend is told of it.

use super::{BODY, Spans, text};
use crate::backend::Backend;
use trestle::telemetry::observe::Settings;
use trestle::telemetry::sampling::{self, Action, Condition, Rule};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn rules(rules: impl IntoIterator<Item = (&'static str, &'static str)>) -> Settings {
    let rule = |(prefix, action): (&str, &str)| {
        let action: Action = action.parse().unwrap();
        Rule::new(vec![Condition::Prefix(prefix.to_owned())], action)
    };
    let mut sampling = sampling::Settings::default();
    sampling.rules = rules.into_iter().map(rule).collect();
    Settings {
        sampling,
        ..Settings::default()
    }
}

/// The `traceparent` that the backend got with its last call.
fn sent(backend: &Backend) -> Vec<String> {
    let seen = backend.seen().pop().expect("a call");
    let parent = seen.headers["traceparent"].to_str().unwrap().to_owned();
    parent.split('-').map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_recorded_is_sent_on_as_such() {
    let backend = Backend::start().await;
    let mut spans = Spans::new(rules([("/v1/echo", "drop"), ("/v1/query", "never")]));
    let gateway = spans.gateway(&backend).await;
    let parent = format!("traceparent: 00-{TRACE}-{PARENT}-01");
    for (line, headers, trace) in [
        ("POST /v1/echo", "", None),
        ("POST /v1/echo", &*parent, Some(TRACE)),
        ("GET /v1/query", "", None),
        ("GET /v1/query", &parent, Some(TRACE)),
    ] {
        let head = match headers {
            "" => format!("{line} HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\n{{}}"),
            headers => {
                format!("{line} HTTP/1.1\r\nHost: t\r\n{headers}\r\nContent-Length: 2\r\n\r\n{{}}")
            }
        };
        let answer = gateway.send(&head).await;
        assert_eq!(answer.status, 200, "{line}");
        let sent = sent(&backend);
        assert!(trace.is_none_or(|trace| trace == sent[1]), "{line}");
        assert_ne!(
            sent[2], PARENT,
            "the decision has changed, so has the parent"
        );
        assert_eq!(u8::from_str_radix(&sent[3], 16).unwrap() & 1, 0, "{line}");
        assert_eq!(answer.header("x-trace-id"), Some(&*sent[1]));
    }
    // The first span there is is of what comes after all of that.
    gateway
        .send("GET /nowhere HTTP/1.1\r\nHost: t\r\n\r\n")
        .await;
    let span = spans.next(1).await.remove(0);
    assert_eq!(text(&span, "url.path"), "/nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_call_names_its_client_span_as_the_backends_parent() {
    let backend = Backend::start().await;
    let mut spans = Spans::new(Settings::default());
    let gateway = spans.gateway(&backend).await;
    let parent = format!("traceparent: 00-{TRACE}-{PARENT}-01");
    let state = "tracestate: a=1,b=2";
    gateway
        .post("/v1/echo", &[&parent, state, "baggage: k=v"], "{}")
        .await;
    let sent = sent(&backend);
    let trace = spans.next(2).await;
    assert_eq!(trace[0].parent_span_id.to_string(), PARENT);
    assert!(trace[0].parent_span_is_remote);
    assert_eq!(sent[1], TRACE);
    assert_eq!(sent[2], trace[1].span_context.span_id().to_string());
    assert_eq!(sent[3], "01");
    let headers = backend.seen().pop().unwrap().headers;
    assert_eq!(headers["tracestate"], "a=1,b=2");
    assert_eq!(headers["baggage"], "k=v");
    assert_eq!(trace[0].span_context.trace_state().header(), "a=1,b=2");
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_decide_unless_a_rule_does() {
    let backend = Backend::start().await;
    let mut spans = Spans::new(rules([("/v1/echo", "always")]));
    let gateway = spans.gateway(&backend).await;
    let unsampled = format!("traceparent: 00-{TRACE}-{PARENT}-00");
    for header in [
        &*unsampled,
        "b3: 0",
        "x-b3-sampled: 0",
        "X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
    ] {
        let query = format!("GET /v1/query HTTP/1.1\r\nHost: t\r\n{header}\r\n\r\n");
        gateway.send(&query).await;
        assert_eq!(sent(&backend)[3].as_bytes()[1] & 1, 0, "{header}");
        gateway.post("/v1/echo", &[header], "{}").await;
        assert_eq!(sent(&backend)[3].as_bytes()[1] & 1, 1, "{header}");
        let trace = spans.next(2).await;
        assert_eq!(text(&trace[0], "url.path"), "/v1/echo", "{header}");
    }
    for header in ["b3: 1", "b3: d", "x-b3-flags: 1"] {
        let query = format!("GET /v1/query HTTP/1.1\r\nHost: t\r\n{header}\r\n\r\n");
        gateway.send(&query).await;
        assert_eq!(spans.next(2).await.len(), 2, "{header}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_checks_are_no_traces() {
    let mut spans = Spans::new(Settings::default());
    let gateway = spans.both().await;
    let answer = gateway
        .send("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n")
        .await;
    assert_eq!(answer.status, 200);
    gateway.post("/api/capitalize", &[], BODY).await;
    let trace = spans.next(4).await;
    assert_eq!(trace[0].name, "POST /api/capitalize");
    assert_eq!(trace[3].name, "(*fetchIt).Capitalize");
}
