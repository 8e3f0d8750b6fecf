//! The body of a raw answer that the backend streams: the bytes of each message as
//! they come, with nothing between. A failure after the first of them breaks the
//! body off, since bytes have no place for an error. The body's reader drives the
//! call: one that reads slowly slows the backend, one that leaves cancels it.

use super::super::failure::Failure;
use super::super::matched::Owned;
use super::super::stream::Call;
use crate::upstream::{Code, Failure as Upstreams};
use bytes::Bytes;
use http_body::Frame;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// How long what was written has to leave before the body breaks off. HTTP libraries
/// drop what they have not yet sent of a body that fails.
const FAREWELL: Duration = Duration::from_millis(20);

/// A streamed answer of raw bytes.
pub(in crate::gateway) struct Download {
    route: Owned,
    call: Call,
    state: State,
    deadline: Instant,
    /// When bytes last came.
    last: Instant,
    timer: Pin<Box<Sleep>>,
    closing: Pin<Box<dyn Future<Output = ()> + Send>>,
}

enum State {
    /// The bytes of the first message.
    Beginning(Bytes),
    Running,
    Done,
    /// Breaks off when the timer is through.
    Broken(String),
}

impl Download {
    pub(in crate::gateway) fn new(
        route: Owned,
        call: Call,
        first: Bytes,
        deadline: Instant,
    ) -> Self {
        let last = Instant::now();
        let wake = deadline.min(last + route.manners().stream_idle);
        Self {
            closing: Box::pin(route.closing()),
            route,
            call,
            state: State::Beginning(first),
            deadline,
            last,
            timer: Box::pin(sleep_until(wake)),
        }
    }

    /// The next bytes, which are not none; nothing at the end.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Failure>> {
        if let State::Beginning(first) = &mut self.state {
            let first = std::mem::take(first);
            self.state = State::Running;
            if !first.is_empty() {
                return Poll::Ready(Ok(Some(first)));
            }
        }
        if let Some(pump) = &mut self.call.pump
            && let Poll::Ready(pumped) = pump.as_mut().poll(context)
        {
            self.call.pump = None;
            pumped?;
        }
        loop {
            match self.call.receiving.poll_message(context) {
                Poll::Ready(Ok(Some(message))) => {
                    self.call.exchange.message_received(message.len());
                    self.last = Instant::now();
                    let data = self.route.raw_data(&message)?;
                    if !data.is_empty() {
                        return Poll::Ready(Ok(Some(data)));
                    }
                }
                Poll::Ready(Ok(None)) => {
                    self.call.exchange.called(Code::Ok, &"");
                    return Poll::Ready(Ok(None));
                }
                Poll::Ready(Err(failure)) => return Poll::Ready(Err(Failure::Upstream(failure))),
                Poll::Pending => break,
            }
        }
        self.poll_limits(context).map(Err)
    }

    /// Whether the call has become too old, was idle for too long, or is to end.
    fn poll_limits(&mut self, context: &mut Context<'_>) -> Poll<Failure> {
        if self.closing.as_mut().poll(context).is_ready() {
            return Poll::Ready(Failure::Closing);
        }
        while self.timer.as_mut().poll(context).is_ready() {
            let idle = self.last + self.route.manners().stream_idle;
            let now = Instant::now();
            if now >= self.deadline {
                return Poll::Ready(Failure::Upstream(Upstreams::DeadlineExceeded));
            }
            if now >= idle {
                return Poll::Ready(Failure::StreamIdle);
            }
            self.timer.as_mut().reset(self.deadline.min(idle));
        }
        Poll::Pending
    }

    fn fail(&mut self, failure: Failure) {
        let error = failure.tell(&mut self.call.exchange, self.route.schema());
        tracing::debug!(error = %error.message(), "a raw answer breaks off");
        self.state = State::Broken(error.message().to_owned());
        self.timer.as_mut().reset(Instant::now() + FAREWELL);
    }
}

impl http_body::Body for Download {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let State::Beginning(_) | State::Running = self.state {
            match self.poll_piece(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(Some(data))) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Poll::Ready(Ok(None)) => self.state = State::Done,
                Poll::Ready(Err(failure)) => self.fail(failure),
            }
        }
        let fault = match &mut self.state {
            State::Broken(fault) => std::mem::take(fault),
            _ => return Poll::Ready(None),
        };
        match self.timer.as_mut().poll(context) {
            Poll::Ready(()) => {
                self.state = State::Done;
                Poll::Ready(Some(Err(fault.into())))
            }
            Poll::Pending => {
                self.state = State::Broken(fault);
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Done)
    }
}
