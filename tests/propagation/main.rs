//! Trace context through the public face: every row of
//! `tests/data/trace_headers.txt`, the OpenTelemetry propagator over the same
//! rows, and `opentelemetry-aws` as a second opinion where it is right.
#![allow(clippy::unwrap_used)]

mod rows;

use http::{HeaderMap, HeaderValue};
use opentelemetry::Context as OtelContext;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanContext, TraceContextExt as _, TraceFlags, TraceState};
use opentelemetry_aws::trace::XrayPropagator;
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rows::{Row, T, rows};
use trestle::telemetry::propagation::{
    Context, Decision, Extracted, Format, Formats, Link, Propagator, SpanId, TraceId, extract,
    inject, is_trace_header,
};

const SENT: Formats = Formats::TRACE_CONTEXT;

#[test]
fn every_row_is_read_and_sent_as_written() {
    let rows = rows();
    assert!(rows.len() >= 60, "{} rows", rows.len());
    for row in rows {
        let extracted = extract(&row.headers);
        check_reading(&row, &extracted);
        match extracted.context() {
            Some(context) => {
                let sent = sent(context);
                assert_eq!(Some(sent), row.sends, "{}: sends", row.name);
            }
            None => check_new_root(&row, extracted.clone()),
        }
    }
}

#[test]
fn the_opentelemetry_propagator_passes_every_row_on_as_inject_does() {
    let formats = SENT | Formats::BAGGAGE | Formats::B3 | Formats::B3_MULTI | Formats::XRAY;
    let propagator = Propagator::new(formats);
    for row in rows() {
        let cx =
            propagator.extract_with_context(&OtelContext::new(), &HeaderExtractor(&row.headers));
        let mut through = HeaderMap::new();
        propagator.inject_context(&cx, &mut HeaderInjector(&mut through));

        let mut direct = HeaderMap::new();
        if let Some(context) = extract(&row.headers).context() {
            inject(context, formats, &mut direct);
        }
        if let Some(baggage) = &row.baggage {
            direct.insert("baggage", baggage.parse().unwrap());
        }
        assert_eq!(through, direct, "{}", row.name);
        let fields: Vec<&str> = propagator.fields().collect();
        for name in through.keys() {
            assert!(
                fields.contains(&name.as_str()),
                "{name} is not among the fields"
            );
            assert!(
                is_trace_header(name.as_str()),
                "{name} would not be stripped"
            );
        }
    }
}

#[test]
fn a_span_below_a_received_context_keeps_what_the_span_cannot_hold() {
    let mut headers = HeaderMap::new();
    headers.insert("b3", format!("{T}-00f067aa0ba902b7-d").parse().unwrap());
    let propagator = Propagator::new(Formats::B3);
    let cx = propagator.extract_with_context(&OtelContext::new(), &HeaderExtractor(&headers));
    assert!(cx.span().span_context().is_remote());
    assert!(cx.span().span_context().is_sampled());

    let child = span_context(T, "00000000000000aa", TraceFlags::SAMPLED);
    let mut out = HeaderMap::new();
    let cx = cx.with_remote_span_context(child);
    propagator.inject_context(&cx, &mut HeaderInjector(&mut out));
    assert_eq!(out["b3"], format!("{T}-00000000000000aa-d"));

    // A new trace has nothing to do with what was received.
    let other = span_context(
        "aa".repeat(16).as_str(),
        "00000000000000aa",
        TraceFlags::default(),
    );
    out.clear();
    propagator.inject_context(
        &cx.with_remote_span_context(other),
        &mut HeaderInjector(&mut out),
    );
    assert_eq!(out["b3"], format!("{}-00000000000000aa-0", "aa".repeat(16)));
}

#[test]
fn nothing_is_sent_where_there_is_no_trace() {
    let mut out = HeaderMap::new();
    Propagator::default().inject_context(&OtelContext::new(), &mut HeaderInjector(&mut out));
    assert_eq!(out, HeaderMap::new());
}

#[test]
fn xray_is_read_as_opentelemetry_aws_reads_it() {
    let reference = XrayPropagator::default();
    for (trace, span, decision) in generated() {
        let cx = OtelContext::new().with_remote_span_context(span_context(
            &trace.to_string(),
            &span.to_string(),
            if decision == Decision::Accept {
                TraceFlags::SAMPLED
            } else {
                TraceFlags::default()
            },
        ));
        let mut headers = HeaderMap::new();
        reference.inject_context(&cx, &mut HeaderInjector(&mut headers));

        let ours = extract(&headers);
        let ours = ours.context().unwrap();
        assert_eq!((ours.trace_id(), ours.parent()), (trace, Some(span)));
        assert_eq!(ours.decision(), decision);

        let mut sent = HeaderMap::new();
        inject(ours, Formats::XRAY, &mut sent);
        assert_eq!(sent["x-amzn-trace-id"], headers["x-amzn-trace-id"]);
    }
}

#[test]
fn xray_is_sent_as_opentelemetry_aws_reads_it() {
    let reference = XrayPropagator::default();
    for (trace, span, decision) in generated() {
        let context = root(decision).child(span);
        let mut headers = HeaderMap::new();
        inject(&context, Formats::XRAY, &mut headers);
        let cx = reference.extract_with_context(&OtelContext::new(), &HeaderExtractor(&headers));
        let theirs = cx.span().span_context().clone();
        assert_eq!(theirs.trace_id().to_bytes(), context.trace_id().to_bytes());
        assert_eq!(theirs.span_id().to_bytes(), span.to_bytes());
        assert_eq!(theirs.is_sampled(), decision == Decision::Accept);
        assert_ne!(context.trace_id(), trace);
    }
}

proptest! {
    /// Whatever arrives, reading neither panics nor grows, and what is sent
    /// upstream means the same when read again.
    #[test]
    fn what_is_sent_is_read_back_the_same(lines in vec((select(&HEADERS[..]), near_header()), 0..8)) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(name, value);
            }
        }
        let context = extract(&headers).or_new(SENT, Decision::Accept);
        for formats in [SENT | Formats::BAGGAGE, Formats::B3, Formats::B3_MULTI, Formats::XRAY] {
            let mut out = HeaderMap::new();
            inject(&context, formats, &mut out);
            prop_assert!(out.get("x-amzn-trace-id").is_none_or(|value| value.len() <= 256));
            prop_assert!(out.get("tracestate").is_none_or(|value| value.len() <= 512));
            let again = extract(&out);
            let read = again.context().unwrap();
            prop_assert_eq!(read.trace_id(), context.trace_id());
            prop_assert_eq!(read.parent(), context.parent());
            prop_assert_eq!(read.decision().is_sampled(), context.decision().is_sampled());
        }
    }
}

const HEADERS: [&str; 12] = [
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-sampled",
    "x-amzn-trace-id",
    "grpc-trace-bin",
    "x-cloud-trace-context",
    "uber-trace-id",
    "ot-tracer-traceid",
];

/// Valid values with a byte or two changed, pieces of them, and any bytes.
fn near_header() -> impl Strategy<Value = Vec<u8>> {
    let values: Vec<Vec<u8>> = rows()
        .iter()
        .flat_map(|row| row.headers.values().map(|value| value.as_bytes().to_vec()))
        .collect();
    let edited = (
        select(values),
        any::<Index>(),
        any::<u8>(),
        any::<Index>(),
        any::<bool>(),
    )
        .prop_map(|(mut value, at, byte, cut, edit)| {
            if edit && !value.is_empty() {
                let at = at.index(value.len());
                value[at] = byte;
                value.truncate(cut.index(value.len()) + 1);
            }
            value
        });
    prop_oneof![3 => edited, 1 => vec(any::<u8>(), 0..80)]
}

// === checks ===

fn check_reading(row: &Row, extracted: &Extracted) {
    let winner = match extracted.context() {
        Some(context) => {
            let origin = context.origin().expect("what was read has a format");
            let random = if context.flags() & Context::RANDOM != 0 {
                " random"
            } else {
                ""
            };
            spelled(
                origin,
                context.trace_id(),
                context.parent(),
                context.decision(),
            ) + random
        }
        None if extracted.decision() == Decision::Defer => "none".to_owned(),
        None => format!("none {}", word(extracted.decision())),
    };
    assert_eq!(winner, row.winner, "{}: winner", row.name);
    let link = |link: &Link| spelled(link.origin, link.trace_id, link.span_id, link.decision);
    let links: Vec<String> = extracted.links().iter().map(link).collect();
    assert_eq!(links, row.links, "{}: links", row.name);
    let baggage = extracted
        .baggage()
        .map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(baggage, row.baggage, "{}: baggage", row.name);
    let context = extracted.context();
    let tracestate = context
        .and_then(Context::tracestate)
        .map(|v| v.to_str().unwrap().to_owned());
    assert_eq!(tracestate, row.tracestate, "{}: tracestate", row.name);
}

/// A request without a valid context gets a trace of its own.
fn check_new_root(row: &Row, extracted: Extracted) {
    assert_eq!(row.sends, None, "{}: nothing to send on", row.name);
    let decision = extracted.decision();
    let context = extracted.or_new(SENT | Formats::BAGGAGE, Decision::Defer);
    assert_eq!(context.decision(), decision, "{}", row.name);
    assert_eq!(context.origin(), None, "{}", row.name);
    let mut out = HeaderMap::new();
    inject(&context, SENT | Formats::BAGGAGE, &mut out);
    let again = extract(&out);
    assert_eq!(
        again.context().unwrap().trace_id(),
        context.trace_id(),
        "{}",
        row.name
    );
    for value in row.headers.values() {
        let trace_id = context.trace_id().to_string();
        assert!(!value.to_str().unwrap().contains(&trace_id), "{}", row.name);
    }
    let baggage = out
        .get("baggage")
        .map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(baggage, row.baggage, "{}: baggage", row.name);
    assert_eq!(out.get("tracestate"), None, "{}", row.name);
}

/// The `sends` line of a context.
fn sent(context: &Context) -> String {
    let mut out = HeaderMap::new();
    inject(context, SENT | Formats::B3 | Formats::XRAY, &mut out);
    let tracestate = out.get("tracestate");
    let expected = out.get("traceparent").and(context.tracestate());
    assert_eq!(tracestate, expected);
    ["traceparent", "b3", "x-amzn-trace-id"]
        .map(|name| {
            out.get(name)
                .map_or("-", |value| value.to_str().unwrap())
                .to_owned()
        })
        .join(" | ")
}

fn spelled(origin: Format, trace: TraceId, span: Option<SpanId>, decision: Decision) -> String {
    let origin = match origin {
        Format::TraceContext => "w3c",
        Format::B3 => "b3",
        Format::B3Multi => "b3multi",
        Format::XRay => "xray",
        Format::GrpcTraceBin => "grpc",
        Format::CloudTrace => "cloud",
        Format::Jaeger => "jaeger",
        Format::OpenTracing => "opentracing",
    };
    let span = span.map_or("-".to_owned(), |span| span.to_string());
    format!("{origin} {trace}/{span} {}", word(decision))
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Accept => "accept",
        Decision::Deny => "deny",
        Decision::Debug => "debug",
        Decision::Defer => "defer",
    }
}

// === inputs for the second opinion ===

fn root(decision: Decision) -> Context {
    Context::new_root(Formats::XRAY, decision)
}

fn generated() -> impl Iterator<Item = (TraceId, SpanId, Decision)> {
    (0..200).map(|n| {
        let decision = if n % 2 == 0 {
            Decision::Accept
        } else {
            Decision::Deny
        };
        (TraceId::random(), SpanId::random(), decision)
    })
}

fn span_context(trace: &str, span: &str, flags: TraceFlags) -> SpanContext {
    SpanContext::new(
        opentelemetry::TraceId::from_hex(trace).unwrap(),
        opentelemetry::SpanId::from_hex(span).unwrap(),
        flags,
        true,
        TraceState::NONE,
    )
}
