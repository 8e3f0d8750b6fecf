//! The gRPC backend as a function from bytes to bytes: a channel of our own over
//! HTTP/2, or a tonic service in the same process.
//!
//! One deadline covers the connection, the headers, every message and the
//! trailers. Whatever a backend sends, a call ends in a [`Reply`] or a
//! [`Failure`]; nothing it sends can panic or hang the caller. Knows nothing of
//! JSON or descriptors.

mod call;
mod channel;
mod connection;
mod deframe;
mod endpoint;
mod failure;
mod frame;
mod head;
mod health;
mod incoming;
mod pool;
mod settings;
mod status;
mod stream;
mod timeout;

pub use endpoint::UrlError;
pub use failure::Failure;
pub use frame::Outgoing;
pub use health::Health;
pub use settings::Settings;
pub use status::{Status, decode_binary, encode_binary};
pub use stream::{Closed, Open, Receiving, Sending};
pub use timeout::parse_timeout;
pub use tonic::Code;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::convert::Infallible;
use std::fmt;
use tokio::time::Instant;
use tower::util::BoxCloneSyncService;

/// A unary call to make.
#[derive(Debug)]
pub struct Request {
    /// `/package.Service/Method`, from the descriptors and never from input.
    pub path: PathAndQuery,
    /// Metadata to send, already filtered: no reserved names.
    pub metadata: Vec<(HeaderName, HeaderValue)>,
    /// The encoded message.
    pub message: Outgoing,
    /// When the call must have ended.
    pub deadline: Instant,
    /// Whether handling the call twice does no harm.
    pub idempotent: bool,
}

/// The answer to a unary call that ended with status OK.
#[derive(Debug)]
pub struct Reply {
    /// The initial metadata, reserved names included.
    pub headers: HeaderMap,
    /// The encoded message.
    pub message: Bytes,
    /// The trailing metadata, reserved names included.
    pub trailers: HeaderMap,
}

type LocalService = BoxCloneSyncService<
    http::Request<tonic::body::Body>,
    http::Response<tonic::body::Body>,
    Infallible,
>;

/// A backend. Clones share its connections.
#[derive(Clone)]
pub struct Upstream {
    way: Way,
}

#[derive(Clone)]
enum Way {
    Remote {
        unary: channel::Channel,
        streams: pool::Pool,
    },
    Local {
        service: LocalService,
        limit: usize,
    },
}

impl Upstream {
    /// A backend at `http://host:port`. Connects with the first call, so this
    /// needs no runtime and succeeds while the backend is down.
    pub fn connect_lazy(url: &str, settings: Settings) -> Result<Self, UrlError> {
        let endpoint = endpoint::Endpoint::parse(url)?;
        let streams = pool::Pool::new(endpoint.clone(), &settings);
        let unary = channel::Channel::new(endpoint, settings);
        Ok(Self {
            way: Way::Remote { unary, streams },
        })
    }

    /// A tonic service (or `tonic::service::Routes`) in this process, called with
    /// no socket between.
    pub fn service<S>(service: S, settings: &Settings) -> Self
    where
        S: tower_service::Service<
                http::Request<tonic::body::Body>,
                Response = http::Response<tonic::body::Body>,
                Error = Infallible,
            > + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        let service = BoxCloneSyncService::new(service);
        Self {
            way: Way::Local {
                service,
                limit: settings.max_reply_message,
            },
        }
    }

    /// The same backend with connections of its own, for one worker.
    pub fn on_worker(&self) -> Self {
        match &self.way {
            Way::Remote { unary, streams } => Self {
                way: Way::Remote {
                    unary: unary.separate(),
                    streams: streams.separate(),
                },
            },
            Way::Local { .. } => self.clone(),
        }
    }

    /// Makes a unary call. Dropping the future cancels it at the backend.
    pub async fn unary(&self, request: Request) -> Result<Reply, Failure> {
        match &self.way {
            Way::Remote { unary, .. } => call::remote(unary, request).await,
            Way::Local { service, limit } => call::local(service.clone(), *limit, request).await,
        }
    }

    /// Opens a streaming call: returns when its request is on the way.
    pub async fn open(&self, open: Open) -> Result<(Sending, Receiving), Failure> {
        match &self.way {
            Way::Remote { unary, streams } => {
                stream::remote(streams, open, unary.settings().max_reply_message).await
            }
            Way::Local { service, limit } => stream::local(service.clone(), open, *limit),
        }
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Way::Remote { unary, .. } => write!(f, "Upstream({})", unary.endpoint().authority),
            Way::Local { .. } => f.write_str("Upstream(in-process)"),
        }
    }
}
