//! The body of a streamed answer: messages become records as the backend sends
//! them and the client takes them. It is the body's reader that drives the call, in
//! both directions; so a client that reads slowly slows the backend, and one that
//! leaves cancels it.

use super::super::failure::Failure;
use super::super::matched::Owned;
use super::Pump;
use super::framing::Framing;
use crate::telemetry::observe::Exchange;
use crate::upstream::{Code, Receiving};
use bytes::Bytes;
use http_body::Frame;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// Records are handed on together up to this many bytes, when there are several.
const BATCH: usize = 16 << 10;

/// How long an error record has to leave before the body breaks off. HTTP libraries
/// drop what they have not yet sent of a body that fails.
const FAREWELL: Duration = Duration::from_millis(20);

/// How often a framing that can shows that the stream lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A streamed answer.
pub(super) struct Replies {
    route: Owned,
    framing: Framing,
    call: Call,
    state: State,
    /// Messages written so far.
    count: u64,
    deadline: Instant,
    /// When a message last came, as of the last look at the clock.
    last: Instant,
    timer: Pin<Box<Sleep>>,
    closing: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// The call behind an answer.
pub(in crate::gateway) struct Call {
    pub(in crate::gateway) receiving: Receiving,
    pub(in crate::gateway) pump: Option<Pump>,
    /// Who is told of its messages and its end.
    pub(in crate::gateway) exchange: Exchange,
}

enum State {
    /// The first message, if it came before the head of the answer was sent.
    Beginning(Option<Bytes>),
    Running,
    /// Everything has been written.
    Done,
    /// An error was the last record: the body must not look finished.
    Broken,
}

/// Why a body breaks off after its error record.
#[derive(Debug)]
struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call failed after its answer had begun")
    }
}

impl std::error::Error for Aborted {}

impl Replies {
    pub(super) fn new(
        route: Owned,
        framing: Framing,
        call: Call,
        first: Option<Bytes>,
        deadline: Instant,
    ) -> Self {
        let last = Instant::now();
        let mut replies = Self {
            closing: Box::pin(route.closing()),
            route,
            framing,
            call,
            state: State::Beginning(first),
            count: 0,
            deadline,
            last,
            timer: Box::pin(sleep_until(last)),
        };
        let wake = replies.next_look();
        replies.timer.as_mut().reset(wake);
        replies
    }

    /// Writes what there is to `out`; pending only with nothing written.
    fn poll_records(&mut self, context: &mut Context<'_>, out: &mut Vec<u8>) -> Poll<()> {
        if let State::Beginning(first) = &mut self.state {
            let first = first.take();
            self.state = State::Running;
            self.framing.begin(out);
            if let Some(message) = first
                && let Err(failure) = self.record(&message, out)
            {
                self.fail(failure, out);
                return Poll::Ready(());
            }
        }
        let before = out.len();
        loop {
            match self.poll_step(context, out) {
                Poll::Ready(Ok(true)) if out.len() < BATCH => {}
                Poll::Ready(Ok(true)) => break,
                Poll::Ready(Ok(false)) => {
                    self.framing.end(out);
                    self.state = State::Done;
                    return Poll::Ready(());
                }
                Poll::Ready(Err(failure)) => {
                    self.fail(failure, out);
                    return Poll::Ready(());
                }
                Poll::Pending => break,
            }
        }
        if out.len() > before {
            self.last = Instant::now();
        } else if out.is_empty() {
            return self.poll_timer(context, out);
        }
        Poll::Ready(())
    }

    /// One message, or the end; sends what the client sends meanwhile.
    fn poll_step(
        &mut self,
        context: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Result<bool, Failure>> {
        let Call {
            receiving,
            pump: pumping,
            exchange,
        } = &mut self.call;
        if let Some(pump) = pumping
            && let Poll::Ready(pumped) = pump.as_mut().poll(context)
        {
            *pumping = None;
            pumped?;
        }
        match receiving.poll_message(context) {
            Poll::Ready(Ok(Some(message))) => {
                exchange.message_received(message.len());
                Poll::Ready(self.record(&message, out).map(|()| true))
            }
            Poll::Ready(Ok(None)) => {
                exchange.called(Code::Ok, &"");
                Poll::Ready(Ok(false))
            }
            Poll::Ready(Err(failure)) => Poll::Ready(Err(Failure::Upstream(failure))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn record(&mut self, message: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let before = out.len();
        self.framing.before(self.count, out);
        if let Err(failure) = self.route.write(message, out) {
            out.truncate(before);
            return Err(failure);
        }
        self.framing.after(out);
        self.count += 1;
        Ok(())
    }

    fn fail(&mut self, failure: Failure, out: &mut Vec<u8>) {
        let status = failure
            .tell(&mut self.call.exchange, self.route.schema())
            .json();
        self.framing.error(self.count, &status, out);
        self.state = State::Broken;
        self.timer.as_mut().reset(Instant::now() + FAREWELL);
    }

    /// Looks whether the call has become too old, or idle for too long.
    fn poll_timer(&mut self, context: &mut Context<'_>, out: &mut Vec<u8>) -> Poll<()> {
        if self.closing.as_mut().poll(context).is_ready() {
            self.fail(Failure::Closing, out);
            return Poll::Ready(());
        }
        while self.timer.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            if now >= self.deadline {
                self.fail(
                    Failure::Upstream(crate::upstream::Failure::DeadlineExceeded),
                    out,
                );
                return Poll::Ready(());
            }
            if now >= self.last + self.route.manners().stream_idle {
                self.fail(Failure::StreamIdle, out);
                return Poll::Ready(());
            }
            let beaten = self.framing.heartbeat(out);
            let wake = self.next_look();
            self.timer.as_mut().reset(wake);
            if beaten {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }

    fn next_look(&self) -> Instant {
        let idle = self.last + self.route.manners().stream_idle;
        let next = self
            .deadline
            .min(idle.max(Instant::now() + Duration::from_millis(1)));
        match self.framing {
            Framing::Events => next.min(Instant::now() + HEARTBEAT),
            _ => next,
        }
    }
}

impl http_body::Body for Replies {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.state {
            State::Done => return Poll::Ready(None),
            State::Broken => {
                let left = self.timer.as_mut().poll(context);
                return left.map(|()| Some(Err(Aborted.into())));
            }
            State::Beginning(_) | State::Running => {}
        }
        let mut out = Vec::new();
        let written = self.poll_records(context, &mut out);
        if !out.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(out.into()))));
        }
        match (written, &self.state) {
            (Poll::Ready(()), State::Done) => Poll::Ready(None),
            _ => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Done)
    }
}
