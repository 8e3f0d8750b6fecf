//! Documents, field by field.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::telemetry::export::tests::span;
use opentelemetry::{
    KeyValue,
    trace::{Event, Link, SpanContext, TraceFlags, TraceId, TraceState},
};
use std::time::Duration;

fn encoder() -> Encoder {
    let attributes = [
        KeyValue::new("service.name", "shop!"),
        KeyValue::new("service.version", "1.2"),
    ];
    let resource = Resource::builder_empty()
        .with_attributes(attributes)
        .build();
    Encoder::new(&resource, 65_000)
}

fn document(span: &SpanData) -> Value {
    serde_json::from_slice(&encoder().document(span)).unwrap()
}

fn server() -> SpanData {
    let mut server = span(0xabc);
    server.parent_span_id = SpanId::from(0x77);
    server.parent_span_is_remote = true;
    server.start_time = UNIX_EPOCH + Duration::from_micros(1_700_000_000_123_456);
    server.end_time = server.start_time + Duration::from_millis(5);
    server.attributes = vec![
        KeyValue::new("http.request.method", "GET"),
        KeyValue::new("url.scheme", "https"),
        KeyValue::new("server.address", "api.example.com"),
        KeyValue::new("url.path", "/v1/things/7"),
        KeyValue::new("user_agent.original", "curl/8"),
        KeyValue::new("client.address", "192.0.2.1"),
        KeyValue::new("http.response.status_code", 200),
        KeyValue::new("http.route", "/v1/things/{thing}"),
    ];
    server
}

#[test]
fn a_servers_span_is_a_segment_of_the_service() {
    let expected = json!({
        "id": "0000000000000abc",
        "trace_id": "1-00000000-000000000000000000000001",
        "parent_id": "0000000000000077",
        "name": "shop",
        "start_time": 1_700_000_000.123_456,
        "end_time": 1_700_000_000.128_456,
        "service": { "version": "1.2" },
        "aws": { "xray": { "sdk": "trestle", "sdk_version": env!("CARGO_PKG_VERSION") } },
        "http": {
            "request": {
                "method": "GET",
                "url": "https://api.example.com/v1/things/7",
                "user_agent": "curl/8",
                "client_ip": "192.0.2.1",
            },
            "response": { "status": 200 },
        },
        "annotations": {
            "http_request_method": "GET",
            "url_scheme": "https",
            "server_address": "api.example.com",
            "url_path": "/v1/things/7",
            "user_agent_original": "curl/8",
            "client_address": "192.0.2.1",
            "http_response_status_code": 200,
            "http_route": "/v1/things/{thing}",
        },
        "metadata": {
            "attributes": {
                "span.name": "GET /v1/things/{thing}",
                "http.request.method": "GET",
                "url.scheme": "https",
                "server.address": "api.example.com",
                "url.path": "/v1/things/7",
                "user_agent.original": "curl/8",
                "client.address": "192.0.2.1",
                "http.response.status_code": 200,
                "http.route": "/v1/things/{thing}",
            },
        },
    });
    assert_eq!(document(&server()), expected);
}

#[test]
fn a_call_is_a_remote_subsegment_named_by_the_service_called() {
    let mut call = span(2);
    call.parent_span_id = SpanId::from(1);
    call.span_kind = SpanKind::Client;
    call.attributes = vec![KeyValue::new("rpc.method", "rpc.Fetch/Capitalize")];
    let document = document(&call);
    assert_eq!(document["type"], "subsegment");
    assert_eq!(document["namespace"], "remote");
    assert_eq!(document["name"], "rpc.Fetch");
    assert_eq!(document["parent_id"], "0000000000000001");
    assert_eq!(document["service"], Value::Null);
    assert_eq!(document["sql"], Value::Null);
}

#[test]
fn work_within_is_a_subsegment_named_as_it_is_with_its_events() {
    let mut work = span(3);
    work.parent_span_id = SpanId::from(2);
    work.span_kind = SpanKind::Internal;
    work.name = "(*fetchIt).Capitalize".into();
    let event = Event::new("Data in", UNIX_EPOCH, vec![KeyValue::new("len", 5)], 0);
    work.events.events = vec![event];
    let context = SpanContext::new(
        TraceId::from(5),
        SpanId::from(6),
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    work.links.links = vec![Link::new(context, Vec::new(), 0)];
    let document = document(&work);
    assert_eq!(document["name"], "fetchIt.Capitalize");
    assert_eq!(document["namespace"], Value::Null);
    let events = json!([{ "name": "Data in", "time": 0.0, "attributes": { "len": 5 } }]);
    assert_eq!(document["metadata"]["events"], events);
    let links = json!([{
        "trace_id": "1-00000000-000000000000000000000005",
        "id": "0000000000000006",
    }]);
    assert_eq!(document["links"], links);
}

#[test]
fn whose_fault_a_failure_is() {
    let none = (None, None, None);
    let (error, throttle, fault) = (
        (Some(true), None, None),
        (Some(true), Some(true), None),
        (None, None, Some(true)),
    );
    let failed = || Status::error("");
    for (attribute, status, expected) in [
        (
            KeyValue::new("http.response.status_code", 200),
            Status::Unset,
            none,
        ),
        (
            KeyValue::new("http.response.status_code", 404),
            Status::Unset,
            error,
        ),
        (
            KeyValue::new("http.response.status_code", 429),
            Status::Unset,
            throttle,
        ),
        (
            KeyValue::new("http.response.status_code", 503),
            failed(),
            fault,
        ),
        (
            KeyValue::new("rpc.response.status_code", "OK"),
            Status::Unset,
            none,
        ),
        (
            KeyValue::new("rpc.response.status_code", "NOT_FOUND"),
            failed(),
            error,
        ),
        (
            KeyValue::new("rpc.response.status_code", "RESOURCE_EXHAUSTED"),
            failed(),
            throttle,
        ),
        (
            KeyValue::new("rpc.response.status_code", "INTERNAL"),
            failed(),
            fault,
        ),
        (KeyValue::new("other", "x"), failed(), fault),
    ] {
        let mut span = span(1);
        let case = format!("{attribute:?} {status:?}");
        (span.attributes, span.status) = (vec![attribute], status);
        let document = document(&span);
        let marks = ["error", "throttle", "fault"].map(|mark| document[mark].as_bool());
        assert_eq!((marks[0], marks[1], marks[2]), expected, "{case}");
        assert_eq!(document["cause"], Value::Null, "{case}");
    }
}

#[test]
fn the_cause_is_the_exception_or_the_status() {
    let mut failed = span(1);
    failed.status = Status::error("the backend is gone");
    failed.attributes = vec![KeyValue::new("error.type", "UNAVAILABLE")];
    let cause = json!({ "exceptions": [
        { "id": "0000000000000002", "type": "UNAVAILABLE", "message": "the backend is gone" },
    ]});
    assert_eq!(document(&failed)["cause"], cause);
    let attributes = vec![
        KeyValue::new("exception.type", "Overflow"),
        KeyValue::new("exception.message", "too much"),
    ];
    failed.events.events = vec![Event::new("exception", UNIX_EPOCH, attributes, 0)];
    let cause = json!({ "exceptions": [
        { "id": "0000000000000002", "type": "Overflow", "message": "too much" },
    ]});
    assert_eq!(document(&failed)["cause"], cause);
}

#[test]
fn what_is_too_large_loses_the_least_telling_first() {
    let mut large = server();
    let long = "x".repeat(70_000);
    large.attributes.push(KeyValue::new("long", long));
    let bytes = encoder().document(&large);
    assert!(bytes.len() < 65_000);
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(document["metadata"], Value::Null);
    assert_eq!(document["annotations"]["long"].as_str().unwrap().len(), 250);
    assert_eq!(document["http"]["response"]["status"], 200);
}

#[test]
fn no_span_makes_a_document_that_does_not_fit() {
    let mut large = server();
    large.name = "n".repeat(100_000).into();
    let many = (0..1000).map(|number| {
        let text = "\u{1}".repeat(300);
        KeyValue::new(format!("key-{number}-{}", "k".repeat(300)), text)
    });
    large.attributes.extend(many);
    for attribute in &mut large.attributes {
        if attribute.key.as_str() != "http.response.status_code" {
            attribute.value = "\u{1}".repeat(300).into();
        }
    }
    let bytes = encoder().document(&large);
    assert!(bytes.len() < 65_000, "{}", bytes.len());
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(document["annotations"], Value::Null);
    assert_eq!(document["id"], "0000000000000abc");
}
