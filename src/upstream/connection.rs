//! One HTTP/2 connection to a backend: opening it, keeping it alive, and asking
//! whether it still takes calls. Built on h2 itself, so that every reset and
//! GOAWAY keeps the reason that it came with.

use super::endpoint::Endpoint;
use super::settings::Settings;
use bytes::Bytes;
use h2::client::SendRequest;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// A connection that calls share; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) sender: SendRequest<Bytes>,
    pub(super) shared: Arc<Shared>,
}

/// What the calls on a connection and its driver tell each other.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The driver has ended: nothing can be sent any more.
    closed: AtomicBool,
    /// The backend has answered at least once, so it speaks gRPC.
    proven: AtomicBool,
    /// Calls under way.
    running: AtomicUsize,
}

impl Shared {
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    pub(super) fn is_proven(&self) -> bool {
        self.proven.load(Ordering::Relaxed)
    }

    pub(super) fn prove(&self) {
        if !self.is_proven() {
            self.proven.store(true, Ordering::Relaxed);
        }
    }

    /// How many calls are under way.
    pub(super) fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    /// Counts a call for as long as the guard lives.
    pub(super) fn call(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(self.clone())
    }
}

/// A call under way.
#[derive(Debug)]
pub(super) struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connection {
    /// Connects within `connect_timeout` and starts the connection's driver on
    /// the current runtime.
    pub(super) async fn open(endpoint: &Endpoint, settings: &Settings) -> io::Result<Self> {
        match timeout(
            settings.connect_timeout,
            Self::handshake(endpoint, settings),
        )
        .await
        {
            Ok(opened) => opened,
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("no connection within {:?}", settings.connect_timeout),
            )),
        }
    }

    async fn handshake(endpoint: &Endpoint, settings: &Settings) -> io::Result<Self> {
        let stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await?;
        stream.set_nodelay(true)?;
        #[cfg(target_os = "linux")]
        socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(settings.keepalive_timeout))?;
        let (sender, mut connection) = h2::client::Builder::new()
            .initial_window_size(settings.stream_window)
            .initial_connection_window_size(settings.connection_window)
            .max_header_list_size(settings.max_reply_headers)
            .enable_push(false)
            .handshake(stream)
            .await
            .map_err(io::Error::other)?;
        let shared = Arc::new(Shared::default());
        let ping = connection.ping_pong();
        let driven = shared.clone();
        let (interval, patience) = (settings.keepalive_interval, settings.keepalive_timeout);
        tokio::spawn(async move {
            let kept = async {
                match ping {
                    Some(ping) => keep_alive(ping, &driven, interval, patience).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, "connection to the backend ended");
                },
                () = kept => tracing::warn!("the backend answers no pings: connection given up"),
            }
            driven.closed.store(true, Ordering::Relaxed);
        });
        Ok(Self { sender, shared })
    }
}

/// Pings while calls run; returns when a ping stays unanswered. An idle
/// connection is left in peace, as gRFC A8 asks.
async fn keep_alive(
    mut ping: h2::PingPong,
    shared: &Shared,
    interval: Duration,
    patience: Duration,
) {
    loop {
        sleep(interval).await;
        if shared.running() == 0 {
            continue;
        }
        match timeout(patience, ping.ping(h2::Ping::opaque())).await {
            Ok(Ok(_)) => {}
            // The connection itself reports what ended it.
            Ok(Err(_)) => return std::future::pending().await,
            Err(_) => return,
        }
    }
}
