//! From a finished call to a span of OpenTelemetry's, on the export thread.

use super::attributes::Attributes;
use super::clock::time_of;
use super::{Message, Names, Span};
use crate::telemetry::metrics::code_name;
use crate::telemetry::observe::{Call, End, Kind, Phase, Vocabulary};
use crate::telemetry::propagation::{Context, Decision, Formats, Link as Named};
use opentelemetry::trace::{
    Event, Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use std::borrow::Cow;
use std::sync::LazyLock;
use tonic::Code;

static SCOPE: LazyLock<InstrumentationScope> = LazyLock::new(|| {
    InstrumentationScope::builder("trestle")
        .with_version(env!("CARGO_PKG_VERSION"))
        .build()
});

/// The span of a call that has one; of a call without, an empty span of its times.
pub(super) fn expand(vocabulary: &Vocabulary, mut call: Call) -> SpanData {
    let names = vocabulary.names;
    let span = call.span.take().map(|span| *span);
    let span = span
        .unwrap_or_else(|| Span::new(Context::new_root(Formats::NONE, Decision::Deny), Vec::new()));
    let attributes = Attributes::new(names, vocabulary, &call, &span);
    let mut data = SpanData {
        span_context: context(&span),
        parent_span_id: span.context.parent().map_or(SpanId::INVALID, |parent| {
            SpanId::from_bytes(parent.to_bytes())
        }),
        parent_span_is_remote: span.parent_is_remote && span.context.parent().is_some(),
        span_kind: match call.kind {
            Kind::HttpServer | Kind::GrpcServer => SpanKind::Server,
            Kind::GrpcClient => SpanKind::Client,
        },
        name: name(names, vocabulary, &call),
        start_time: time_of(call.began),
        end_time: time_of(call.ended),
        attributes: attributes.all(),
        dropped_attributes_count: 0,
        events: events(names, &span, &call),
        links: links(&span),
        status: status(names, &call, &span),
        instrumentation_scope: SCOPE.clone(),
    };
    if let Some(additions) = span.additions {
        additions.apply(&mut data);
    }
    data
}

pub(super) fn context(span: &Span) -> SpanContext {
    let tracestate = span
        .context
        .tracestate()
        .and_then(|state| state.to_str().ok());
    SpanContext::new(
        TraceId::from_bytes(span.context.trace_id().to_bytes()),
        SpanId::from_bytes(span.id.to_bytes()),
        TraceFlags::new(span.context.flags()),
        false,
        tracestate
            .and_then(|state| state.parse().ok())
            .unwrap_or(TraceState::NONE),
    )
}

/// Of a bounded number of names: a path as it came is never in one.
fn name(names: Names, vocabulary: &Vocabulary, call: &Call) -> Cow<'static, str> {
    if call.kind == Kind::HttpServer {
        let method = call
            .http
            .as_ref()
            .map_or("HTTP", |http| match &http.method {
                method if is_standard(method) => method.as_str(),
                _ => "HTTP",
            });
        return match call
            .operation
            .and_then(|route| vocabulary.operations.routes().get(route))
        {
            None => method.to_owned().into(),
            Some(route) if names == Names::OpenCensus => route.template.to_string().into(),
            Some(route) => format!("{method} {}", route.template).into(),
        };
    }
    let method = call
        .operation
        .and_then(|method| vocabulary.operations.methods().get(method));
    let Some(method) = method else {
        return match (names, call.kind) {
            (Names::GrpcA72, Kind::GrpcServer) => "Recv._OTHER".into(),
            (Names::GrpcA72, _) => "Sent._OTHER".into(),
            _ => "_OTHER".into(),
        };
    };
    match (names, call.kind) {
        (Names::Semconv, _) => method.name.to_string().into(),
        (Names::GrpcA72, Kind::GrpcServer) => format!("Recv.{}", method.dotted()).into(),
        (Names::GrpcA72, _) => format!("Sent.{}", method.dotted()).into(),
        (Names::OpenCensus, _) => method.dotted().into(),
    }
}

/// Whether a method is one of those that HTTP defines, and PATCH.
pub(super) fn is_standard(method: &http::Method) -> bool {
    use http::Method;
    [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
        Method::TRACE,
        Method::CONNECT,
    ]
    .contains(method)
}

fn events(names: Names, span: &Span, call: &Call) -> SpanEvents {
    let phases = [
        (Phase::Routed, "request.routed"),
        (Phase::Decoded, "request.decoded"),
        (Phase::Replied, "reply.received"),
        (Phase::Encoded, "reply.encoded"),
    ];
    let phases = phases.into_iter().filter_map(|(phase, name)| {
        let at = span.phases[phase as usize]?;
        Some(Event::new(name, time_of(at), Vec::new(), 0))
    });
    let messages = span.messages.iter().map(|message| event(names, message));
    let mut events = SpanEvents::default();
    events.events = phases.chain(messages).collect();
    if call.outcome.end == End::Cancelled {
        let event = Event::new("cancelled", time_of(call.ended), Vec::new(), 0);
        events.events.push(event);
    }
    events.dropped_count = span.dropped_messages;
    events
}

/// One message. OpenTelemetry counts them from one, gRPC and OpenCensus from zero.
fn event(names: Names, message: &Message) -> Event {
    let number = i64::try_from(message.number).unwrap_or(i64::MAX);
    let bytes = i64::try_from(message.bytes).unwrap_or(i64::MAX);
    let direction = if message.sent { "SENT" } else { "RECEIVED" };
    let (name, attributes) = match names {
        Names::Semconv => (
            "rpc.message",
            vec![
                KeyValue::new("rpc.message.type", direction),
                KeyValue::new("rpc.message.id", number),
                KeyValue::new("rpc.message.uncompressed_size", bytes),
            ],
        ),
        Names::GrpcA72 => (
            match message.sent {
                true => "Outbound message",
                false => "Inbound message",
            },
            vec![
                KeyValue::new("sequence-number", number - 1),
                KeyValue::new("message-size", bytes),
            ],
        ),
        Names::OpenCensus => (
            "message",
            vec![
                KeyValue::new("message.type", direction),
                KeyValue::new("message.id", number - 1),
                KeyValue::new("message.uncompressed_size", bytes),
            ],
        ),
    };
    Event::new(name, time_of(message.at), attributes, 0)
}

fn links(span: &Span) -> SpanLinks {
    let link = |named: &Named| {
        let context = SpanContext::new(
            TraceId::from_bytes(named.trace_id.to_bytes()),
            named
                .span_id
                .map_or(SpanId::INVALID, |id| SpanId::from_bytes(id.to_bytes())),
            TraceFlags::default().with_sampled(named.decision.is_sampled()),
            true,
            TraceState::NONE,
        );
        let format = KeyValue::new("trestle.trace.format", named.origin.name());
        Link::new(context, vec![format], 0)
    };
    let mut links = SpanLinks::default();
    links.links = span.links.iter().map(link).collect();
    links
}

/// What the conventions call an error. One that the caller made is not the server's.
fn status(names: Names, call: &Call, span: &Span) -> Status {
    let outcome = &call.outcome;
    if call.kind == Kind::HttpServer {
        let failed = outcome.http.is_some_and(|status| status.is_server_error())
            || outcome.end == End::Broken && outcome.grpc.is_none_or(is_servers_fault);
        return if failed {
            Status::error("")
        } else {
            Status::Unset
        };
    }
    match outcome.grpc {
        Some(Code::Ok) if names == Names::Semconv => Status::Unset,
        Some(Code::Ok) => Status::Ok,
        Some(code)
            if names != Names::Semconv
                || call.kind == Kind::GrpcClient
                || is_servers_fault(code) =>
        {
            let text = match names {
                Names::GrpcA72 => format!("{}, {}", code_name(code), span.status),
                _ => span.status.clone(),
            };
            Status::error(text)
        }
        Some(_) | None => Status::Unset,
    }
}

/// The codes that a server answers for.
pub(super) fn is_servers_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}
