//! Tells HTTP/2 with prior knowledge from HTTP/1 by a connection's first bytes.

use super::Settings;
use tokio::{
    io::{AsyncReadExt as _, ReadBuf},
    net::TcpStream,
    time::{Instant, timeout_at},
};

/// What an HTTP/2 client sends first (RFC 9113 §3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The protocol that a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// The first bytes of a connection, up to the length of the HTTP/2 preface.
#[derive(Debug, Default)]
pub(super) struct Prefix {
    bytes: [u8; PREFACE.len()],
    start: usize,
    end: usize,
}

/// Reads until the protocol is known, never more than the preface. `None` when
/// the peer says nothing in time, or leaves.
pub(super) async fn protocol(
    stream: &mut TcpStream,
    settings: &Settings,
) -> Option<(Protocol, Prefix)> {
    let mut prefix = Prefix::default();
    let mut deadline = Instant::now() + settings.first_byte;
    loop {
        let first = prefix.bytes().is_empty();
        let read = timeout_at(deadline, stream.read(prefix.spare())).await;
        let count = read.ok()?.ok().filter(|count| *count > 0)?;
        prefix.filled(count);
        if !PREFACE.starts_with(prefix.bytes()) {
            return Some((Protocol::Http1, prefix));
        }
        if prefix.bytes().len() == PREFACE.len() {
            return Some((Protocol::Http2, prefix));
        }
        if first {
            deadline = Instant::now() + settings.headers;
        }
    }
}

// === impl Prefix ===

impl Prefix {
    pub(super) fn spare(&mut self) -> &mut [u8] {
        &mut self.bytes[self.end..]
    }

    pub(super) fn filled(&mut self, count: usize) {
        self.end += count;
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(super) fn give_back(&mut self, buffer: &mut ReadBuf<'_>) {
        let count = self.bytes().len().min(buffer.remaining());
        buffer.put_slice(&self.bytes()[..count]);
        self.start += count;
    }
}
