//! X-Ray's fields and what they allow: names, annotations, the marks of failure.

use opentelemetry::{Array, Value, trace::Status};
use opentelemetry_sdk::trace::SpanData;
use serde_json::{Map, json};

/// The longest string that X-Ray keeps in most fields.
const MAX_TEXT: usize = 250;
const MAX_NAME: usize = 200;
const MAX_ANNOTATIONS: usize = 50;

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Marks {
    /// The caller's.
    pub(super) error: bool,
    /// The caller's, by asking too often.
    pub(super) throttle: bool,
    /// The callee's.
    pub(super) fault: bool,
}

impl Marks {
    pub(super) fn of(span: &SpanData) -> Self {
        match integer(span, "http.response.status_code") {
            Some(429) => Self::THROTTLE,
            Some(400..=499) => Self::ERROR,
            Some(500..=599) => Self::FAULT,
            _ => Self::of_rpc(span),
        }
    }

    fn of_rpc(span: &SpanData) -> Self {
        let code = ["rpc.response.status_code", "rpc.status_code"]
            .into_iter()
            .find_map(|key| text(span, key));
        match code.as_deref() {
            Some("RESOURCE_EXHAUSTED") => Self::THROTTLE,
            Some(
                "CANCELLED"
                | "INVALID_ARGUMENT"
                | "NOT_FOUND"
                | "ALREADY_EXISTS"
                | "PERMISSION_DENIED"
                | "FAILED_PRECONDITION"
                | "ABORTED"
                | "OUT_OF_RANGE"
                | "UNAUTHENTICATED",
            ) => Self::ERROR,
            _ if matches!(span.status, Status::Error { .. }) => Self::FAULT,
            _ => Self::default(),
        }
    }

    const ERROR: Self = Self {
        error: true,
        throttle: false,
        fault: false,
    };
    const THROTTLE: Self = Self {
        error: true,
        throttle: true,
        fault: false,
    };
    const FAULT: Self = Self {
        error: false,
        throttle: false,
        fault: true,
    };
}

/// `1-{8 digits}-{24 digits}`
pub(super) fn trace_id(span: &opentelemetry::trace::SpanContext) -> String {
    let id = span.trace_id().to_string();
    format!("1-{}-{}", &id[..8], &id[8..])
}

/// A name with the characters that X-Ray allows.
pub(super) fn name(text: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/%&#=+\\-@".contains(c);
    let name: String = text
        .chars()
        .filter(|c| allowed(*c))
        .take(MAX_NAME)
        .collect();
    if name.trim().is_empty() {
        "span".to_owned()
    } else {
        name
    }
}

/// What traces can be searched by: simple values under simple names.
pub(super) fn annotations(span: &SpanData) -> Map<String, serde_json::Value> {
    let mut annotations = Map::new();
    for attribute in &span.attributes {
        if annotations.len() == MAX_ANNOTATIONS {
            break;
        }
        let key = attribute.key.as_str();
        let key: String = key
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let value = match &attribute.value {
            Value::Bool(value) => json!(value),
            Value::I64(value) => json!(value),
            Value::F64(value) => json!(value),
            Value::String(value) => json!(clipped(value.as_str())),
            _ => continue,
        };
        annotations.insert(key, value);
    }
    annotations
}

/// Any value as JSON.
pub(super) fn value(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => json!(value),
        Value::I64(value) => json!(value),
        Value::F64(value) => json!(value),
        Value::String(value) => json!(value.as_str()),
        Value::Array(Array::Bool(values)) => json!(values),
        Value::Array(Array::I64(values)) => json!(values),
        Value::Array(Array::F64(values)) => json!(values),
        Value::Array(Array::String(values)) => values.iter().map(|value| value.as_str()).collect(),
        other => json!(other.to_string()),
    }
}

/// An attribute's text.
pub(super) fn text(span: &SpanData, key: &str) -> Option<String> {
    let attribute = span
        .attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == key)?;
    Some(clipped(&attribute.value.as_str()))
}

/// An attribute's whole number.
pub(super) fn integer(span: &SpanData, key: &str) -> Option<i64> {
    let attribute = span
        .attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == key)?;
    match attribute.value {
        Value::I64(number) => Some(number),
        _ => None,
    }
}

pub(super) fn clipped(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}
