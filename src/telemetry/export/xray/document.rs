//! A span as a segment document: a server's span, and whatever has no parent in
//! this process, is a segment; the others are subsegments on their own.

use super::fields::{self, Marks};
use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry_sdk::{Resource, trace::SpanData};
use serde_json::{Map, Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Makes documents for one service.
#[derive(Debug)]
pub(super) struct Encoder {
    service: String,
    version: Option<String>,
    max: usize,
}

impl Encoder {
    /// Documents have at most `max` bytes.
    pub(super) fn new(resource: &Resource, max: usize) -> Self {
        let text = |key: &str| {
            let found = resource.iter().find(|(name, _)| name.as_str() == key);
            found.map(|(_, value)| value.as_str().into_owned())
        };
        Self {
            service: fields::name(&text("service.name").unwrap_or_default()),
            version: text("service.version"),
            max,
        }
    }

    /// The document. What makes it too large is left out, the least telling first.
    pub(super) fn document(&self, span: &SpanData) -> Vec<u8> {
        let mut document = self.whole(span);
        for field in ["metadata", "links", "annotations", "cause"] {
            let text = document.to_string();
            if text.len() <= self.max {
                return text.into_bytes();
            }
            if let Some(fields) = document.as_object_mut() {
                fields.remove(field);
            }
        }
        // The other fields are clipped, each by itself.
        document.to_string().into_bytes()
    }

    fn whole(&self, span: &SpanData) -> Value {
        let is_segment = span.parent_span_id == SpanId::INVALID
            || span.parent_span_is_remote
            || matches!(span.span_kind, SpanKind::Server | SpanKind::Consumer);
        let mut document = json!({
            "id": span.span_context.span_id().to_string(),
            "trace_id": fields::trace_id(&span.span_context),
            "start_time": seconds(span.start_time),
            "end_time": seconds(span.end_time),
            "aws": { "xray": { "sdk": "trestle", "sdk_version": env!("CARGO_PKG_VERSION") } },
        });
        if is_segment {
            document["name"] = json!(self.service);
            if let Some(version) = &self.version {
                document["service"] = json!({ "version": fields::clipped(version) });
            }
        } else {
            document["type"] = json!("subsegment");
            document["name"] = json!(name(span));
        }
        if matches!(span.span_kind, SpanKind::Client | SpanKind::Producer) {
            document["namespace"] = json!("remote");
        }
        if span.parent_span_id != SpanId::INVALID {
            document["parent_id"] = json!(span.parent_span_id.to_string());
        }
        put(&mut document, "http", http(span));
        mark(&mut document, span);
        put(&mut document, "annotations", fields::annotations(span));
        put(&mut document, "metadata", metadata(span));
        let links = links(span);
        if !links.is_empty() {
            document["links"] = Value::Array(links);
        }
        document
    }
}

fn put(document: &mut Value, key: &str, fields: Map<String, Value>) {
    if !fields.is_empty() {
        document[key] = Value::Object(fields);
    }
}

/// A subsegment is called by whom it speaks to.
fn name(span: &SpanData) -> String {
    let service = || {
        let method = fields::text(span, "rpc.method")?;
        let (service, _) = method.trim_start_matches('/').rsplit_once('/')?;
        Some(service.to_owned())
    };
    let remote = matches!(span.span_kind, SpanKind::Client | SpanKind::Producer);
    let called = remote
        .then(|| {
            fields::text(span, "peer.service")
                .or_else(service)
                .or_else(|| fields::text(span, "server.address"))
        })
        .flatten();
    fields::name(&called.unwrap_or_else(|| span.name.to_string()))
}

fn http(span: &SpanData) -> Map<String, Value> {
    let mut request = Map::new();
    for (field, attribute) in [
        ("method", "http.request.method"),
        ("user_agent", "user_agent.original"),
        ("client_ip", "client.address"),
    ] {
        if let Some(text) = fields::text(span, attribute) {
            request.insert(field.to_owned(), json!(text));
        }
    }
    if let Some(url) = url(span) {
        request.insert("url".to_owned(), json!(url));
    }
    let mut response = Map::new();
    for (field, attribute) in [
        ("status", "http.response.status_code"),
        ("content_length", "http.response.body.size"),
    ] {
        if let Some(number) = fields::integer(span, attribute) {
            response.insert(field.to_owned(), json!(number));
        }
    }
    let mut http = Map::new();
    for (field, fields) in [("request", request), ("response", response)] {
        if !fields.is_empty() {
            http.insert(field.to_owned(), Value::Object(fields));
        }
    }
    http
}

fn url(span: &SpanData) -> Option<String> {
    if let Some(url) = fields::text(span, "url.full") {
        return Some(url);
    }
    let path = fields::text(span, "url.path")?;
    let scheme = fields::text(span, "url.scheme").unwrap_or_else(|| "http".to_owned());
    let Some(host) = fields::text(span, "server.address") else {
        return Some(path);
    };
    let port = fields::integer(span, "server.port").map(|port| format!(":{port}"));
    let url = format!("{scheme}://{host}{}{path}", port.unwrap_or_default());
    Some(fields::clipped(&url))
}

fn mark(document: &mut Value, span: &SpanData) {
    let marks = Marks::of(span);
    for (field, set) in [
        ("error", marks.error),
        ("throttle", marks.throttle),
        ("fault", marks.fault),
    ] {
        if set {
            document[field] = json!(true);
        }
    }
    let exceptions = exceptions(span);
    if !exceptions.is_empty() {
        document["cause"] = json!({ "exceptions": exceptions });
    }
}

/// What went wrong: by events, else by the status.
fn exceptions(span: &SpanData) -> Vec<Value> {
    let of_event = |event: &opentelemetry::trace::Event| {
        let text = |key: &str| {
            let found = event
                .attributes
                .iter()
                .find(|pair| pair.key.as_str() == key);
            found.map(|pair| fields::clipped(&pair.value.as_str()))
        };
        json!({
            "type": text("exception.type").unwrap_or_else(|| "error".to_owned()),
            "message": text("exception.message").unwrap_or_default(),
        })
    };
    let events = span.events.iter();
    let mut found: Vec<Value> = events
        .filter(|event| event.name == "exception")
        .map(of_event)
        .collect();
    if found.is_empty()
        && let Status::Error { description } = &span.status
        && !description.is_empty()
    {
        let kind = fields::text(span, "error.type").unwrap_or_else(|| "error".to_owned());
        found.push(json!({ "type": kind, "message": fields::clipped(description) }));
    }
    let base: u64 = u64::from_be_bytes(span.span_context.span_id().to_bytes());
    for (number, exception) in (1..).zip(&mut found) {
        // Any id that is unlike others within the segment.
        exception["id"] = json!(format!("{:016x}", base.wrapping_add(number)));
    }
    found
}

/// All that is known, as it is called, for reading but not for searching.
fn metadata(span: &SpanData) -> Map<String, Value> {
    let all = |pairs: &[opentelemetry::KeyValue]| -> Map<String, Value> {
        let pairs = pairs.iter();
        pairs
            .map(|pair| (pair.key.to_string(), fields::value(&pair.value)))
            .collect()
    };
    let mut attributes = all(&span.attributes);
    attributes.insert("span.name".to_owned(), json!(span.name));
    let mut metadata = Map::new();
    metadata.insert("attributes".to_owned(), Value::Object(attributes));
    let events = span.events.iter().map(|event| {
        json!({
            "name": event.name,
            "time": seconds(event.timestamp),
            "attributes": all(&event.attributes),
        })
    });
    let events: Vec<_> = events.collect();
    if !events.is_empty() {
        metadata.insert("events".to_owned(), Value::Array(events));
    }
    metadata
}

fn links(span: &SpanData) -> Vec<Value> {
    let links = span.links.iter().map(|link| {
        json!({
            "trace_id": fields::trace_id(&link.span_context),
            "id": link.span_context.span_id().to_string(),
        })
    });
    links.collect()
}

/// Seconds since 1970; a double tells microseconds for long to come.
fn seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as f64 / 1e6
}

#[cfg(test)]
mod tests;
