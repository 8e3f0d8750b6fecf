//! The access log: one line for each exchange, when it is over. Names the route,
//! never the path, so that nothing that a caller put there is logged.

use super::call::{Call, End};
use super::recorder::Vocabulary;
use crate::telemetry::metrics::code_name;
use crate::telemetry::propagation::TraceId;
use http::HeaderValue;
use std::time::Duration;

/// What a line says besides what is known of the call.
#[derive(Debug, Default)]
pub(super) struct Note {
    pub(super) request_id: Option<HeaderValue>,
    pub(super) trace_id: Option<TraceId>,
    /// How long the backend took.
    pub(super) called: Option<Duration>,
}

/// Writes the line of an HTTP call that is over.
pub(super) fn log(vocabulary: &Vocabulary, call: &Call, note: &Note) {
    let operations = &vocabulary.operations;
    let route = call
        .operation
        .and_then(|route| operations.routes().get(route));
    let rpc = route.map(|route| &*operations.methods()[route.method].name);
    let request_id = note.request_id.as_ref().and_then(|id| id.to_str().ok());
    tracing::info!(
        target: "trestle::access",
        method = call.http.as_ref().map(|http| http.method.as_str()),
        route = route.map(|route| &*route.template),
        rpc,
        status = call.outcome.http.map(|status| status.as_u16()),
        grpc_status = call.outcome.grpc.map(code_name),
        end = end(call.outcome.end),
        request_bytes = call.received.bytes,
        response_bytes = call.sent.bytes,
        duration_ms = milliseconds(call.elapsed()),
        upstream_ms = note.called.map(milliseconds),
        request_id,
        trace_id = note.trace_id.map(display),
        span_id = call.span().map(|span| display(span.span_id())),
        "request"
    );
}

fn end(end: End) -> &'static str {
    match end {
        End::Complete => "complete",
        End::Cancelled => "cancelled",
        End::Broken => "broken",
    }
}

/// With three digits after the point, which is as exact as is of use.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
