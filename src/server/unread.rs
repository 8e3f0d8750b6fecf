//! Noticing that a peer has left while nobody reads what it sent before: a body that
//! is not taken stands between a read and the end behind it. The socket knows of
//! that end all the same, and is asked now and then as long as it is so.

use std::{
    sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed},
    time::Duration,
};
use tokio::{io::Interest, net::TcpStream};

/// How often the socket is asked.
pub(super) const GLANCE: Duration = Duration::from_millis(50);

/// Whether a connection is unread, and whether its socket is to be asked.
#[derive(Debug, Default)]
pub(super) struct Unread {
    unread: AtomicBool,
    ask: AtomicU8,
}

/// When the socket is to be asked.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum Ask {
    Once = 1,
    /// With every flush.
    Always,
}

impl Unread {
    /// The socket was read. With nothing to be had, whoever read is told of the
    /// peer's end.
    pub(super) fn read(&self, nothing: bool) {
        self.unread.store(!nothing, Relaxed);
    }

    /// Whether there may be bytes that nobody asks for.
    pub(super) fn is_unread(&self) -> bool {
        self.unread.load(Relaxed)
    }

    /// Has the socket asked with the next flush.
    pub(super) fn ask(&self) {
        self.ask.store(Ask::Once as u8, Relaxed);
    }

    /// Has the socket asked with every flush, for a connection that others drive.
    pub(super) fn always_ask(&self) {
        self.ask.store(Ask::Always as u8, Relaxed);
    }

    /// Whether the peer of this connection has left; looks only where it was asked to.
    pub(super) fn is_abandoned(&self, stream: &TcpStream) -> bool {
        let ask = self.ask.load(Relaxed);
        if ask == 0 || !self.is_unread() {
            return false;
        }
        if ask == Ask::Once as u8 {
            self.ask.store(0, Relaxed);
        }
        is_closed(stream)
    }
}

/// Whether the peer has closed its side, unread bytes or not.
fn is_closed(stream: &TcpStream) -> bool {
    use futures_util::FutureExt as _;
    let ready = stream.ready(Interest::READABLE).now_or_never();
    ready.is_some_and(|ready| ready.is_ok_and(|ready| ready.is_read_closed()))
}
