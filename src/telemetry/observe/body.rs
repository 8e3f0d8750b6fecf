//! A response's body, watched: what it sends is counted, and where it ends its
//! exchange does.

use super::call::End;
use super::exchange::Exchange;
use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body that ends its exchange: well with its last frame, as broken with an
/// error, and as cancelled when it is dropped before either.
#[derive(Debug)]
pub struct Observed<B> {
    body: B,
    exchange: Exchange,
    ended: bool,
}

impl<B: Body> Observed<B> {
    pub(super) fn new(body: B, exchange: Exchange) -> Self {
        let mut observed = Self {
            body,
            exchange,
            ended: false,
        };
        // Nobody asks an empty body for anything.
        if observed.body.is_end_stream() {
            observed.end(End::Complete);
        }
        observed
    }
}

impl<B> Observed<B> {
    fn end(&mut self, end: End) {
        if !std::mem::replace(&mut self.ended, true) {
            self.exchange.end(end);
        }
    }
}

impl<B> Body for Observed<B>
where
    B: Body + Unpin,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    self.exchange.body_sent(data.remaining());
                }
                // Who knows the length does not ask for what comes after it.
                if self.body.is_end_stream() {
                    self.end(End::Complete);
                }
            }
            Poll::Ready(Some(Err(_))) => self.end(End::Broken),
            Poll::Ready(None) => self.end(End::Complete),
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Observed<B> {
    fn drop(&mut self) {
        self.end(End::Cancelled);
    }
}
