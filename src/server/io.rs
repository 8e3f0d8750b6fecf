//! A connection's socket: gives back what was read to tell the protocol, and
//! keeps the connection's record of what it is doing.

use super::{
    life::Life,
    refusal,
    sniff::{Prefix, Protocol},
};
use std::{
    convert::Infallible,
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::oneshot,
};

/// The socket of an HTTP/1 or HTTP/2 connection.
#[derive(Debug)]
pub(super) struct Io {
    stream: TcpStream,
    prefix: Prefix,
    life: Arc<Life>,
    protocol: Protocol,
    /// Bytes that replace hyper's, still to be written.
    substitute: Vec<u8>,
    lingering: Lingering,
    /// Tells by its end that the socket is closed, wherever it ended up.
    _closed: oneshot::Sender<Infallible>,
}

/// The end of a socket that may outlive its HTTP connection, by an upgrade.
#[derive(Debug)]
pub(super) struct Closed(oneshot::Receiver<Infallible>);

impl Closed {
    /// Returns once the socket is closed.
    pub(super) async fn wait(self) {
        // Nothing is ever sent: this ends with the sender.
        let _ = self.0.await;
    }
}

/// How far an HTTP/1 connection is with its end. A socket that is closed with
/// bytes unread is reset, and the reset may overtake the response: so what the
/// peer still sends is read and thrown away, within limits.
#[derive(Debug, Default)]
struct Lingering {
    write_shut: bool,
    wait: bool,
    discarded: usize,
}

/// Bytes that are read after a last response, for its sake.
const MAX_DISCARD: usize = 256 << 10;

impl Io {
    pub(super) fn new(
        stream: TcpStream,
        prefix: Prefix,
        protocol: Protocol,
        life: Arc<Life>,
    ) -> (Self, Closed) {
        let (sender, closed) = oneshot::channel();
        let io = Self {
            stream,
            prefix,
            life,
            protocol,
            substitute: Vec::new(),
            lingering: Lingering::default(),
            _closed: sender,
        };
        (io, Closed(closed))
    }

    /// Hyper's own reply to what it cannot parse gets a body. `None` when
    /// `bytes` are anything else.
    fn substituted(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.protocol == Protocol::Http2 || !self.life.is_flushed() {
            return None;
        }
        self.substitute = refusal::with_body(bytes)?;
        self.lingering.wait = true;
        Some(bytes.len())
    }

    fn poll_substitute(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.substitute.is_empty() {
            let stream = Pin::new(&mut self.stream);
            let count = ready!(stream.poll_write(context, &self.substitute))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.substitute.drain(..count);
        }
        Poll::Ready(Ok(()))
    }

    /// Notes whether the peer takes what is written.
    fn noted(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => self.life.stall(),
            Poll::Ready(_) => self.life.advance(),
        }
        written
    }

    /// Reads what the peer sends after its last response. Waits for its end
    /// only when there is reason to think that it is not done sending.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 4096];
        while self.lingering.discarded < MAX_DISCARD {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Pending if self.lingering.wait => return Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.lingering.discarded += buffer.filled().len();
                    self.lingering.wait = true;
                }
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // What has come since goes with the prefix: hyper would parse half a head, and
        // double its buffer before it reads the other half.
        let prefixed = !self.prefix.bytes().is_empty();
        self.prefix.give_back(buffer);
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer)?;
        if self.protocol == Protocol::Http1 && buffer.filled().len() > before {
            self.life.read();
        }
        if self.protocol == Protocol::Http1 {
            self.life.unread.read(read.is_pending() && !prefixed);
        }
        match read {
            Poll::Pending if !prefixed => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_substitute(context))?;
        if let Some(count) = self.substituted(bytes) {
            return Poll::Ready(Ok(count));
        }
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_substitute(context))?;
        // Hyper's own replies are a head and nothing else.
        if let [head] = slices
            && let Some(count) = self.substituted(head)
        {
            return Poll::Ready(Ok(count));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_substitute(context))?;
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        if self.life.unread.is_abandoned(&self.stream) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        self.life.flush();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_substitute(context))?;
        if !self.lingering.write_shut {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.lingering.write_shut = true;
            self.life.shut();
        }
        if self.protocol == Protocol::Http1 {
            ready!(self.poll_linger(context));
        }
        Poll::Ready(Ok(()))
    }
}
