//! What the two directions of one WebSocket know of each other.

use super::super::stream::Activity;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::sync::Notify;
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
    pub(super) activity: Arc<Activity>,
    /// Asks for a ping to be sent.
    pub(super) ping: Notify,
    /// Asks for what is written to be flushed: nothing is being read, and this is how
    /// a server is made to look whether the client is still there.
    pub(super) flush: Notify,
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
    pub(super) fn new(fixed: Option<Kind>, activity: Arc<Activity>) -> Self {
        Self {
            fixed,
            binary: AtomicBool::new(fixed == Some(Kind::Binary)),
            activity,
            ping: Notify::new(),
            flush: Notify::new(),
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
}
