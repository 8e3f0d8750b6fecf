//! Spans through the whole pipeline to receivers on this host that read what they
//! are sent: by OTLP, to the clouds, to the X-Ray daemon.
#![allow(clippy::unwrap_used)]

mod clouds;
mod daemon;
mod loss;
mod otlp;
mod receiver;
mod tls;

use opentelemetry::{
    InstrumentationScope, KeyValue,
    trace::{Event, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use std::time::{Duration, SystemTime};
use trestle::telemetry::export::{Counters, Pipeline, Settings};

/// Long enough for anything that does happen.
const SOON: Duration = Duration::from_secs(20);

/// Settings made of these variables alone.
fn settings(variables: &[(&str, &str)]) -> Settings {
    let lookup = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Settings::from_env(lookup, "exporters-test").unwrap()
}

fn start(settings: &Settings) -> Pipeline<SpanData> {
    settings.start().unwrap().unwrap()
}

/// Sends spans with these numbers, ends, and says what became of them.
fn send(settings: &Settings, numbers: impl IntoIterator<Item = u64>) -> Counters {
    let pipeline = start(settings);
    let (sender, counters) = (pipeline.sender(), pipeline.counters());
    numbers
        .into_iter()
        .for_each(|number| sender.send(span(number)));
    pipeline.shutdown(SOON);
    counters
}

/// A client's span with something of everything.
fn span(number: u64) -> SpanData {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let mut events = SpanEvents::default();
    let attributes = vec![KeyValue::new("len", 5)];
    events.events = vec![Event::new("Data in", start, attributes, 0)];
    SpanData {
        span_context: SpanContext::new(
            TraceId::from(0x6553_f100_0000_0000_0000_0000_0000_0001),
            SpanId::from(number),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        ),
        parent_span_id: SpanId::from(0x77),
        parent_span_is_remote: false,
        span_kind: SpanKind::Client,
        name: "rpc.Fetch/Capitalize".into(),
        start_time: start,
        end_time: start + Duration::from_millis(5),
        attributes: vec![
            KeyValue::new("rpc.method", "rpc.Fetch/Capitalize"),
            KeyValue::new("rpc.response.status_code", "UNAVAILABLE"),
        ],
        dropped_attributes_count: 0,
        events,
        links: SpanLinks::default(),
        status: Status::error("the backend is gone"),
        instrumentation_scope: InstrumentationScope::builder("trestle").build(),
    }
}
