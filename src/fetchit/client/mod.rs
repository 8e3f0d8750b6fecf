//! The client's calls: text in, capitals out, over gRPC, or by REST through a
//! gateway, each a span `Client.Capitalize`. Reading lines and printing answers is
//! left to `cli`.

mod rest;

use super::calls::Calls;
use crate::telemetry::observe::Telemetry;
use crate::telemetry::propagation::{Context, Decision, Formats, Propagator, TraceId, inject};
use crate::upstream::{self, UrlError};
use http::{HeaderMap, StatusCode};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry_sdk::trace::SdkTracer;
use rest::Rest;
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client of fetchIt.
#[derive(Debug)]
pub struct Client {
    way: Way,
    tracer: SdkTracer,
    formats: Formats,
}

#[derive(Debug)]
enum Way {
    Grpc(Calls),
    Rest(Rest),
}

/// What came of a call.
#[derive(Debug, PartialEq)]
pub struct Answer {
    /// The capitals.
    pub text: Vec<u8>,
    /// What went over HTTP, where the call was made by REST.
    pub exchange: Option<Exchange>,
}

/// One HTTP exchange, to be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// Method and path.
    pub request: String,
    /// The JSON that was sent.
    pub sent: String,
    /// What the gateway said of it.
    pub status: StatusCode,
    /// What it answered.
    pub received: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum CallError {
    /// The call failed, or never reached the backend.
    Grpc(upstream::Failure),
    /// The gateway could not be reached.
    Unreachable(String),
    /// The gateway answered something else than capitals.
    Rest(Box<Exchange>),
}

impl Client {
    /// A client that calls the backend at `url` (`http://host:port`) by gRPC.
    pub fn grpc(url: &str, formats: Formats, telemetry: &Telemetry) -> Result<Self, UrlError> {
        let way = Way::Grpc(Calls::new(url, formats, telemetry, [""; 0])?);
        Ok(Self::new(way, formats, telemetry))
    }

    /// A client that calls through the gateway at `url` (`http://host:port`).
    pub fn rest(url: &str, formats: Formats, telemetry: &Telemetry) -> Result<Self, String> {
        let way = Way::Rest(Rest::parse(url)?);
        Ok(Self::new(way, formats, telemetry))
    }

    fn new(way: Way, formats: Formats, telemetry: &Telemetry) -> Self {
        Self {
            way,
            tracer: telemetry.tracer_provider().tracer("fetchit-client"),
            formats,
        }
    }

    /// Has `text` capitalized; the trace is told, however it ends.
    pub async fn capitalize(&self, text: &[u8]) -> (TraceId, Result<Answer, CallError>) {
        let span = self
            .tracer
            .span_builder("Client.Capitalize")
            .with_kind(SpanKind::Internal)
            .start(&self.tracer);
        let otel = opentelemetry::Context::new().with_span(span);
        // Where nothing is recorded here, the trace begins all the same: its id is
        // what one looks for in the logs of the others.
        let context = Propagator::outgoing(&otel)
            .filter(|_| otel.span().span_context().is_sampled())
            .unwrap_or_else(|| Context::new_root(self.formats, Decision::Accept));
        let answer = self.call(text, &context).await;
        if let Err(error) = &answer {
            otel.span().set_status(Status::error(error.to_string()));
        }
        otel.span().end();
        (context.trace_id(), answer)
    }

    async fn call(&self, text: &[u8], context: &Context) -> Result<Answer, CallError> {
        match &self.way {
            Way::Grpc(calls) => {
                let deadline = Instant::now() + PATIENCE;
                let reply = calls.capitalize(0, text.to_vec(), context, deadline).await;
                let text = reply.map_err(CallError::Grpc)?.data;
                let exchange = None;
                Ok(Answer { text, exchange })
            }
            Way::Rest(rest) => {
                let mut trace = HeaderMap::new();
                inject(context, self.formats, &mut trace);
                let answer = tokio::time::timeout(PATIENCE, rest.call(text, trace)).await;
                answer.unwrap_or_else(|_| {
                    let why = format!("{rest} has not answered within {PATIENCE:?}");
                    Err(CallError::Unreachable(why))
                })
            }
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grpc(upstream::Failure::Status(status)) => {
                write!(f, "{:?}: {}", status.code, status.message)
            }
            // Here the caller is the operator, who may know what lies below.
            Self::Grpc(
                failure @ (upstream::Failure::Unreachable(why)
                | upstream::Failure::ConnectionLost(why)),
            ) => write!(f, "{failure} ({why})"),
            Self::Grpc(failure) => write!(f, "{failure}"),
            Self::Unreachable(why) => f.write_str(why),
            Self::Rest(exchange) => write!(f, "the gateway says {}", exchange.status),
        }
    }
}

impl std::error::Error for CallError {}
