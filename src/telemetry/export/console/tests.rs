//! The trees as text.
#![allow(clippy::unwrap_used)]

use super::{super::tests::span, *};
use opentelemetry::trace::Event;

fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

fn child(number: u64, parent: u64, name: &'static str, from: u64, to: u64) -> SpanData {
    let mut span = span(number);
    span.parent_span_id = SpanId::from(parent);
    span.name = name.into();
    (span.start_time, span.end_time) = (at(from), at(to));
    span
}

#[test]
fn a_trace_is_a_tree_with_times() {
    let mut gateway = child(1, 99, "POST /v1/capitalize", 0, 20);
    gateway.attributes = vec![KeyValue::new("http.response.status_code", 200)];
    let mut call = child(2, 1, "rpc.Fetch/Capitalize", 5, 18);
    call.span_kind = SpanKind::Client;
    call.status = Status::error("the backend\nis gone");
    let mut backend = child(3, 2, "work", 6, 7);
    backend.span_kind = SpanKind::Internal;
    let attributes = vec![KeyValue::new("len", 5)];
    backend.events.events = vec![Event::new("Data in", at(6), attributes, 0)];
    let expected = "\
trace 00000000000000000000000000000001  shop  20.00 ms
  POST /v1/capitalize     server    ████████████████████    20.00 ms  200
  └ rpc.Fetch/Capitalize  client         █████████████      13.00 ms  the backend\u{fffd}is gone
    └ work                internal        █                  1.00 ms
        · +0.00 ms  Data in  len=5
";
    // Children end first, and are handed in first.
    assert_eq!(traces(&[backend, call, gateway], "shop", false), expected);
}

#[test]
fn colours_are_for_terminals() {
    let text = traces(&[span(1)], "shop", true);
    assert!(text.starts_with("\u{1b}[1mtrace "), "{text:?}");
    assert!(!traces(&[span(1)], "shop", false).contains('\u{1b}'));
}

#[test]
fn several_traces_and_spans_without_length_are_shown() {
    let mut other = child(2, 0, "empty", 7, 7);
    other.span_context = opentelemetry::trace::SpanContext::new(
        TraceId::from(2),
        SpanId::from(2),
        opentelemetry::trace::TraceFlags::SAMPLED,
        false,
        opentelemetry::trace::TraceState::NONE,
    );
    let text = traces(&[span(1), other], "shop", false);
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.contains("0.00 ms"), "{text}");
}
