//! The body of a reply, wherever it comes from: an HTTP/2 stream, or a service
//! in the same process.

use super::Failure;
use super::connection::Running;
use bytes::Bytes;
use h2::RecvStream;
use http::HeaderMap;
use http_body::Body as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A reply's body being received. Dropping it cancels the call.
#[derive(Debug)]
pub(super) enum Incoming {
    Stream(
        RecvStream,
        #[expect(dead_code, reason = "counts the call until the body is dropped")] Running,
    ),
    Local {
        body: tonic::body::Body,
        trailers: HeaderMap,
    },
}

impl Incoming {
    pub(super) fn local(body: tonic::body::Body) -> Self {
        Self::Local {
            body,
            trailers: HeaderMap::new(),
        }
    }

    /// The next piece of data; `None` when only trailers are left. What was taken
    /// is granted to the sender again, so a reader that stops stops the sender.
    pub(super) fn poll_data(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Failure>> {
        match self {
            Self::Stream(stream, _) => {
                let data = ready!(stream.poll_data(context)).transpose()?;
                if let Some(data) = &data {
                    // An error means that the stream is gone, which the next read tells.
                    let _ = stream.flow_control().release_capacity(data.len());
                }
                Poll::Ready(Ok(data))
            }
            Self::Local { body, trailers } => loop {
                let Some(frame) = ready!(Pin::new(&mut *body).poll_frame(context)) else {
                    return Poll::Ready(Ok(None));
                };
                let frame = frame.map_err(|status| Failure::ConnectionLost(status.to_string()))?;
                match frame.into_data() {
                    Ok(data) => return Poll::Ready(Ok(Some(data))),
                    Err(frame) => *trailers = frame.into_trailers().unwrap_or_default(),
                }
            },
        }
    }

    /// The trailers, after the data; empty when there were none.
    pub(super) fn poll_trailers(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<HeaderMap, Failure>> {
        match self {
            Self::Stream(stream, _) => {
                let trailers = ready!(stream.poll_trailers(context))?;
                Poll::Ready(Ok(trailers.unwrap_or_default()))
            }
            Self::Local { trailers, .. } => Poll::Ready(Ok(std::mem::take(trailers))),
        }
    }

    pub(super) async fn data(&mut self) -> Result<Option<Bytes>, Failure> {
        poll_fn(|context| self.poll_data(context)).await
    }

    pub(super) async fn trailers(&mut self) -> Result<HeaderMap, Failure> {
        poll_fn(|context| self.poll_trailers(context)).await
    }
}
