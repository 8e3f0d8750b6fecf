//! The body of a streamed answer: messages become records as the backend sends
//! them and the client takes them. It is the body's reader that drives the call, in
//! both directions; so a client that reads slowly slows the backend, and one that
//! leaves cancels it.

use super::super::error::Error;
use super::super::failure::Failure;
use super::super::matched::Owned;
use super::super::trailers;
use super::call::Call;
use super::framing::Framing;
use super::limits::Activity;
use crate::telemetry::observe::Exchange;
use crate::upstream::Code;
use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// Records are handed on together up to this many bytes, when there are several.
const BATCH: usize = 16 << 10;

/// How long an error record has to leave before the body breaks off. HTTP libraries
/// drop what they have not yet sent of a body that fails.
const FAREWELL: Duration = Duration::from_millis(20);

/// How often a framing that can shows that the stream lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A streamed answer.
pub(super) struct Replies {
    call: Call,
    /// Who is told of the call's messages and of its end.
    exchange: Exchange,
    records: Records,
    activity: Arc<Activity>,
    state: State,
    /// Whether trailing metadata is wanted.
    trailers: bool,
    timer: Option<Pin<Box<Sleep>>>,
}

/// What is written of the messages.
struct Records {
    route: Owned,
    framing: Framing,
    /// Messages written so far.
    count: u64,
}

enum State {
    /// The first message, if it came before the head of the answer was sent.
    Beginning(Option<Bytes>),
    Running,
    /// All records have been written; what follows them, if anything.
    Ended(Option<HeaderMap>),
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
    /// `first` is the message that came with the head, if one did.
    pub(super) fn new(
        route: Owned,
        exchange: Exchange,
        framing: Framing,
        call: Call,
        first: Option<Bytes>,
        activity: Arc<Activity>,
        trailers: bool,
    ) -> Self {
        let records = Records {
            route,
            framing,
            count: 0,
        };
        Self {
            call,
            exchange,
            records,
            activity,
            state: State::Beginning(first),
            trailers,
            timer: None,
        }
    }

    /// Writes what there is to `out`; pending only with nothing written.
    fn poll_records(&mut self, context: &mut Context<'_>, out: &mut Vec<u8>) -> Poll<()> {
        let written = self.begin(out).and_then(|()| self.read(context, out));
        match written {
            Ok(false) => {}
            Ok(true) => {
                self.records.framing.end(out);
                let metadata = self.trailers.then(|| self.call.lock().trailers().cloned());
                let trailers = metadata
                    .flatten()
                    .and_then(|metadata| trailers::of(&metadata));
                self.state = State::Ended(trailers);
            }
            Err(failure) => self.fail(failure, out),
        }
        match (out.is_empty(), &self.state) {
            (true, State::Running) => self.poll_heartbeat(context, out),
            (false, State::Running) => {
                if let Some(timer) = &mut self.timer {
                    timer.as_mut().reset(Instant::now() + HEARTBEAT);
                }
                Poll::Ready(())
            }
            _ => Poll::Ready(()),
        }
    }

    /// What stands before everything else, and the message that came with the head.
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        if let State::Beginning(first) = &mut self.state {
            let first = first.take();
            self.state = State::Running;
            self.records.framing.begin(out);
            if let Some(message) = first {
                self.records.add(&message, out)?;
            }
        }
        Ok(())
    }

    /// Writes the messages that are there, up to a batch; whether the last has come.
    fn read(&mut self, context: &mut Context<'_>, out: &mut Vec<u8>) -> Result<bool, Failure> {
        let before = self.records.count;
        let mut call = self.call.lock();
        let ended = loop {
            match call.poll_message(context) {
                Poll::Ready(Ok(Some(message))) => {
                    self.exchange.message_received(message.len());
                    self.records.add(&message, out)?;
                }
                Poll::Ready(Ok(None)) => break true,
                Poll::Ready(Err(failure)) => return Err(failure),
                Poll::Pending => break false,
            }
            if out.len() >= BATCH {
                break false;
            }
        };
        if ended {
            self.exchange.called(Code::Ok, &"");
        }
        if self.records.count > before {
            self.activity.pass();
        }
        Ok(ended)
    }

    fn fail(&mut self, failure: Failure, out: &mut Vec<u8>) {
        self.call.lock().cancel();
        let error = failure.tell(&mut self.exchange, self.records.route.schema());
        self.records.fail(&error, out);
        self.state = State::Broken;
        self.timer = Some(Box::pin(sleep(FAREWELL)));
    }

    /// Shows that the stream lives, in a framing that can.
    fn poll_heartbeat(&mut self, context: &mut Context<'_>, out: &mut Vec<u8>) -> Poll<()> {
        let Some(sign) = self.records.framing.heartbeat() else {
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(HEARTBEAT)));
        while timer.as_mut().poll(context).is_ready() {
            timer.as_mut().reset(Instant::now() + HEARTBEAT);
            out.extend_from_slice(sign);
        }
        match out.is_empty() {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    }
}

impl Records {
    fn add(&mut self, message: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let before = out.len();
        self.framing.before(self.count, out);
        if let Err(failure) = self.route.write_line(message, out) {
            out.truncate(before);
            return Err(failure);
        }
        self.framing.after(out);
        self.count += 1;
        Ok(())
    }

    fn fail(&self, error: &Error, out: &mut Vec<u8>) {
        let status = error.json();
        self.framing.error(self.count, &status, out);
    }
}

impl http_body::Body for Replies {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let mut out = Vec::new();
        if let State::Beginning(_) | State::Running = self.state {
            if self.poll_records(context, &mut out).is_pending() {
                return Poll::Pending;
            }
            if !out.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(out.into()))));
            }
        }
        match &mut self.state {
            State::Ended(trailers) => Poll::Ready(
                trailers
                    .take()
                    .map(|trailers| Ok(Frame::trailers(trailers))),
            ),
            State::Broken => match &mut self.timer {
                Some(timer) => timer
                    .as_mut()
                    .poll(context)
                    .map(|()| Some(Err(Aborted.into()))),
                None => Poll::Ready(Some(Err(Aborted.into()))),
            },
            State::Beginning(_) | State::Running => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Ended(None))
    }
}
