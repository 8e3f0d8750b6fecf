//! What the two directions of one WebSocket know of each other.

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::WebSocketStream;

pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What messages are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text frames of JSON.
    Text,
    /// Binary frames of protobuf.
    Binary,
}

/// The state that both directions share.
#[derive(Debug)]
pub(super) struct Link {
    fixed: Option<Kind>,
    binary: AtomicBool,
    /// When a message last went either way.
    last: Mutex<Instant>,
    /// Asks for a ping to be sent.
    pub(super) ping: Notify,
    /// The client took bytes for which it had to be waited.
    pub(super) alive: Notify,
}

impl Kind {
    /// The subprotocol that fixes it.
    pub(super) fn protocol(self) -> &'static str {
        match self {
            Self::Text => "trestle.json",
            Self::Binary => "trestle.proto",
        }
    }
}

impl Link {
    pub(super) fn new(fixed: Option<Kind>) -> Self {
        Self {
            fixed,
            binary: AtomicBool::new(fixed == Some(Kind::Binary)),
            last: Mutex::new(Instant::now()),
            ping: Notify::new(),
            alive: Notify::new(),
        }
    }

    /// What replies are to be.
    pub(super) fn kind(&self) -> Kind {
        match self.binary.load(Relaxed) {
            true => Kind::Binary,
            false => Kind::Text,
        }
    }

    /// The client sent a message of this kind; whether it may.
    pub(super) fn take(&self, kind: Kind) -> bool {
        self.binary.store(kind == Kind::Binary, Relaxed);
        self.fixed.is_none_or(|fixed| fixed == kind)
    }

    /// A message has passed.
    pub(super) fn pass(&self) {
        *self.last() = Instant::now();
    }

    /// Returns once no message has passed for so long.
    pub(super) async fn idle(&self, limit: Duration) {
        loop {
            let last = *self.last();
            sleep_until(last + limit).await;
            if *self.last() == last {
                return;
            }
        }
    }

    fn last(&self) -> MutexGuard<'_, Instant> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
