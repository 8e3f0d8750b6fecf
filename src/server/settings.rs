//! How the transport behaves: limits, timeouts and the shape of the drain.

use std::{num::NonZeroUsize, thread, time::Duration};

/// How a [`Server`](super::Server) treats its connections.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Worker threads, each with its own runtime and service.
    pub workers: NonZeroUsize,
    /// Connections at once; more wait in the kernel's queue.
    pub max_connections: usize,
    /// How long a new connection may say nothing.
    pub first_byte: Duration,
    /// How long an HTTP/1 request head may take from its first byte.
    pub headers: Duration,
    /// How long an HTTP/1 connection may rest between requests.
    pub idle_h1: Duration,
    /// How long an HTTP/2 connection may have no open stream.
    pub idle_h2: Duration,
    /// How long a peer may take no bytes of what is written to it.
    pub write_stall: Duration,
    /// Whether requests carry the address of their peer, as the extension
    /// `axum::extract::ConnectInfo<SocketAddr>`.
    pub peer_address: bool,
    /// HTTP/2 limits.
    pub http2: Http2,
    /// How long a drain still accepts, so that load balancers see the readiness
    /// change before connections are refused.
    pub drain_delay: Duration,
    /// How long requests in flight may take to finish in a drain.
    pub drain_grace: Duration,
}

/// HTTP/2 limits.
#[derive(Debug, Clone)]
pub struct Http2 {
    /// Streams at once on one connection.
    pub max_concurrent_streams: u32,
    /// Receive window of one stream. 256 KiB keeps an upload at 50 Mbit/s over a
    /// path of 40 ms, where 64 KiB would hold it at 13; memory is bounded by
    /// the connection window either way.
    pub stream_window: u32,
    /// Receive window of one connection: what its peer can make us buffer.
    pub connection_window: u32,
    /// Ping a connection with open streams after this long without a frame.
    pub keepalive_interval: Duration,
    /// How long such a ping may take.
    pub keepalive_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            workers: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            max_connections: 10_000,
            first_byte: Duration::from_secs(10),
            headers: Duration::from_secs(10),
            idle_h1: Duration::from_secs(60),
            idle_h2: Duration::from_secs(120),
            write_stall: Duration::from_secs(30),
            peer_address: false,
            http2: Http2::default(),
            drain_delay: Duration::ZERO,
            drain_grace: Duration::from_secs(30),
        }
    }
}

impl Default for Http2 {
    fn default() -> Self {
        Self {
            max_concurrent_streams: 100,
            stream_window: 256 << 10,
            connection_window: 1 << 20,
            keepalive_interval: Duration::from_secs(60),
            keepalive_timeout: Duration::from_secs(20),
        }
    }
}
