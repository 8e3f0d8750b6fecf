//! The accepted connections as a stream that waits when the process is out of
//! file descriptors. tonic's own would try again at once and burn a core.

use std::{
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Sleep, sleep},
};
use tonic::codegen::tokio_stream::Stream;

/// How long to wait after an accept that failed for want of resources.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Connections of one listener, with `TCP_NODELAY` set.
pub(super) struct Incoming {
    listener: TcpListener,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Incoming {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            waiting: None,
        }
    }
}

impl Stream for Incoming {
    type Item = io::Result<TcpStream>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                ready!(waiting.as_mut().poll(context));
                self.waiting = None;
            }
            match ready!(self.listener.poll_accept(context)) {
                Ok((stream, _)) => {
                    // Without it replies wait for the peer's delayed ACK; a
                    // socket that refuses is already dead and says so on read.
                    let _ = stream.set_nodelay(true);
                    return Poll::Ready(Some(Ok(stream)));
                }
                Err(error) => {
                    tracing::warn!(%error, "fetchIt cannot accept a connection");
                    self.waiting = Some(Box::pin(sleep(BACK_OFF)));
                }
            }
        }
    }
}
