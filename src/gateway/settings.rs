//! What an operator may choose about the exchange.

use super::cors::Cors;
use super::hooks::Hooks;
use super::network::Network;
use super::stream::Framing;
use crate::telemetry::propagation::Formats;
use crate::{openapi, transcode};
use std::time::Duration;

/// Limits, times and manners of a gateway.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// What each route starts from.
    pub route: RouteSettings,
    /// How long a request body may take to arrive in all.
    pub body_timeout: Duration,
    /// The longest pause between two pieces of a request body.
    pub body_idle_timeout: Duration,
    /// The longest request target (path and query), in bytes.
    pub max_target: usize,
    /// The largest header block, names and values, in bytes.
    pub max_header_bytes: usize,
    /// The most header fields.
    pub max_header_fields: usize,
    /// The most query parameters.
    pub max_query_parameters: usize,
    /// Further request headers that become metadata of the same name; `user-agent`
    /// becomes `grpcgateway-user-agent`, since gRPC has one of its own.
    pub forward_headers: Vec<http::HeaderName>,
    /// The formats in which trace context goes to the backend.
    pub trace_formats: Formats,
    /// Which other origins may use the gateway from a browser.
    pub cors: Cors,
    /// The peers whose `X-Forwarded-*` and `Forwarded` headers are believed. With
    /// `None`, the default, the backend is not told who asked; with an empty list
    /// it is told the peer's own address.
    pub trusted_proxies: Option<Vec<Network>>,
    /// Whether replies to GET carry an entity tag, and are 304 for those who have them.
    pub etags: bool,
    /// Whether responses are compressed, as the request allows.
    pub compress: bool,
    /// The path that answers with the backend's health, unless a rule claims it.
    pub health_path: Option<String>,
    /// What the OpenAPI document says that descriptors do not; how replies are
    /// written is taken from `route`.
    pub openapi: openapi::Settings,
    /// Whether the document is served at `/openapi.json` and `/openapi.yaml`.
    pub serve_openapi: bool,
    /// Whether a page that shows the document is served at `/docs`.
    pub serve_docs: bool,
    /// Streaming calls over WebSocket.
    pub websocket: WebSocket,
    /// Set by the builder.
    pub(super) hooks: Hooks,
}

/// How WebSockets are treated. What they share with streams over HTTP, such as the
/// size of a message and the life of a stream, is set where theirs is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WebSocket {
    /// Origins of pages that may open one, besides the gateway's own, as a browser
    /// writes them (`https://example.com`); `*` stands for all.
    pub origins: Vec<String>,
    /// How long a client may send nothing before it is asked whether it lives.
    pub ping_interval: Duration,
    /// How long it has to answer.
    pub pong_timeout: Duration,
}

/// What may differ from route to route; see
/// [`Builder::for_each_route`](super::Builder::for_each_route).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RouteSettings {
    /// The deadline of a call whose request names none.
    pub default_deadline: Duration,
    /// The longest deadline that a request may ask for.
    pub max_deadline: Duration,
    /// The largest request body, in bytes; of a stream, the largest message.
    pub max_body: usize,
    /// Whether query parameters that name no field are ignored, not refused.
    pub ignore_unknown_parameters: bool,
    /// Query parameters that are meant for others (an API key, a cache breaker) and
    /// ignored, whatever the line above says.
    pub ignored_parameters: Vec<String>,
    /// Whether a PATCH whose update mask is empty has it filled with the fields that its
    /// body gives.
    pub fill_update_mask: bool,
    /// How streamed replies are framed when `Accept` leaves it open.
    pub framing: Framing,
    /// How long a streaming call may take in all, unless its request says less.
    pub stream_lifetime: Duration,
    /// The longest pause between two messages of a streamed reply.
    pub stream_idle: Duration,
    /// How JSON is read.
    pub read: transcode::ReadOptions,
    /// How JSON is written.
    pub write: transcode::WriteOptions,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            route: RouteSettings::default(),
            body_timeout: Duration::from_secs(30),
            body_idle_timeout: Duration::from_secs(10),
            max_target: 8 << 10,
            max_header_bytes: 16 << 10,
            max_header_fields: 100,
            max_query_parameters: 256,
            forward_headers: Vec::new(),
            trace_formats: Formats::default(),
            cors: Cors::default(),
            trusted_proxies: None,
            etags: false,
            compress: false,
            health_path: Some("/healthz".to_owned()),
            openapi: openapi::Settings::default(),
            serve_openapi: true,
            serve_docs: true,
            websocket: WebSocket::default(),
            hooks: Hooks::default(),
        }
    }
}

impl Default for WebSocket {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            ping_interval: Duration::from_secs(30),
            pong_timeout: Duration::from_secs(20),
        }
    }
}

impl Default for RouteSettings {
    fn default() -> Self {
        Self {
            default_deadline: Duration::from_secs(15),
            max_deadline: Duration::from_secs(300),
            max_body: 4 << 20,
            ignore_unknown_parameters: false,
            ignored_parameters: Vec::new(),
            fill_update_mask: true,
            framing: Framing::default(),
            stream_lifetime: Duration::from_secs(3600),
            stream_idle: Duration::from_secs(300),
            read: transcode::ReadOptions::default(),
            write: transcode::WriteOptions::default(),
        }
    }
}
