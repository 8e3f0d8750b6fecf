//! The client's calls: text in, capitals out, over gRPC, or by REST through a
//! gateway. Reading lines and printing answers is left to `cli`.

mod rest;

use super::rpc::Payload;
use crate::telemetry::propagation::{Context, Formats, inject};
use crate::upstream::{self, Outgoing, Upstream, UrlError};
use http::uri::PathAndQuery;
use http::{HeaderMap, StatusCode};
use prost::Message as _;
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
    formats: Formats,
}

#[derive(Debug)]
enum Way {
    Grpc(Upstream),
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
    pub fn grpc(url: &str, formats: Formats) -> Result<Self, UrlError> {
        let upstream = Upstream::connect_lazy(url, upstream::Settings::default())?;
        let way = Way::Grpc(upstream);
        Ok(Self { way, formats })
    }

    /// A client that calls through the gateway at `url` (`http://host:port`).
    pub fn rest(url: &str, formats: Formats) -> Result<Self, String> {
        let way = Way::Rest(Rest::parse(url)?);
        Ok(Self { way, formats })
    }

    /// Has `text` capitalized by a call that belongs to `context`.
    pub async fn capitalize(&self, text: &[u8], context: &Context) -> Result<Answer, CallError> {
        let mut trace = HeaderMap::new();
        inject(context, self.formats, &mut trace);
        match &self.way {
            Way::Grpc(upstream) => grpc(upstream, text, trace).await,
            Way::Rest(rest) => match tokio::time::timeout(PATIENCE, rest.call(text, trace)).await {
                Ok(answer) => answer,
                Err(_) => Err(CallError::Unreachable(format!(
                    "{rest} has not answered within {PATIENCE:?}"
                ))),
            },
        }
    }
}

async fn grpc(upstream: &Upstream, text: &[u8], trace: HeaderMap) -> Result<Answer, CallError> {
    let payload = Payload {
        id: 0,
        data: text.to_vec(),
    };
    let mut message = Outgoing::with_capacity(payload.encoded_len());
    payload
        .encode(message.buffer())
        .expect("a vector grows as far as it must");
    let request = upstream::Request {
        path: PathAndQuery::from_static("/rpc.Fetch/Capitalize"),
        metadata: trace
            .into_iter()
            .filter_map(|(name, value)| Some((name?, value)))
            .collect(),
        message,
        deadline: Instant::now() + PATIENCE,
        idempotent: true,
    };
    let reply = upstream.unary(request).await.map_err(CallError::Grpc)?;
    let payload = Payload::decode(reply.message).map_err(|_| {
        CallError::Grpc(upstream::Failure::Protocol(
            "the reply is not a rpc.Payload",
        ))
    })?;
    Ok(Answer {
        text: payload.data,
        exchange: None,
    })
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
