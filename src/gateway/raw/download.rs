//! The body of a raw answer that the backend streams: the bytes of each message as
//! they come, with nothing between. A failure after the first of them breaks the
//! body off, since bytes have no place for an error. The body's reader drives the
//! call: one that reads slowly slows the backend, one that leaves cancels it.

use super::super::failure::Failure;
use super::super::matched::Owned;
use super::super::stream::{Activity, Call};
use super::super::trailers;
use crate::telemetry::observe::Exchange;
use crate::upstream::Code;
use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// How long what was written has to leave before the body breaks off. HTTP libraries
/// drop what they have not yet sent of a body that fails.
const FAREWELL: Duration = Duration::from_millis(20);

/// A streamed answer of raw bytes.
pub(in crate::gateway) struct Download {
    route: Owned,
    /// Who is told of the call's messages and of its end.
    exchange: Exchange,
    call: Call,
    activity: Arc<Activity>,
    /// Whether trailing metadata is wanted.
    trailers: bool,
    state: State,
}

enum State {
    /// The bytes of the first message.
    Beginning(Bytes),
    Running,
    /// All bytes have been passed; what follows them, if anything.
    Ended(Option<HeaderMap>),
    /// Breaks off, after a while, for this reason.
    Broken(String, Pin<Box<Sleep>>),
}

impl Download {
    pub(in crate::gateway) fn new(
        route: Owned,
        exchange: Exchange,
        call: Call,
        first: Bytes,
        activity: Arc<Activity>,
        trailers: bool,
    ) -> Self {
        Self {
            route,
            exchange,
            call,
            activity,
            trailers,
            state: State::Beginning(first),
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
        let mut call = self.call.lock();
        loop {
            let Some(message) = ready!(call.poll_message(context))? else {
                self.exchange.called(Code::Ok, &"");
                return Poll::Ready(Ok(None));
            };
            self.exchange.message_received(message.len());
            self.activity.pass();
            let data = self.route.raw_data(&message)?;
            if !data.is_empty() {
                return Poll::Ready(Ok(Some(data)));
            }
        }
    }

    fn end(&mut self) {
        let metadata = self.trailers.then(|| self.call.lock().trailers().cloned());
        let trailers = metadata
            .flatten()
            .and_then(|metadata| trailers::of(&metadata));
        self.state = State::Ended(trailers);
    }

    fn fail(&mut self, failure: Failure) {
        self.call.lock().cancel();
        let error = failure.tell(&mut self.exchange, self.route.schema());
        self.state = State::Broken(error.message().to_owned(), Box::pin(sleep(FAREWELL)));
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
            match ready!(self.poll_piece(context)) {
                Ok(Some(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Ok(None) => self.end(),
                Err(failure) => self.fail(failure),
            }
        }
        let fault = match &mut self.state {
            State::Ended(trailers) => {
                return Poll::Ready(trailers.take().map(|map| Ok(Frame::trailers(map))));
            }
            State::Broken(fault, timer) => {
                ready!(timer.as_mut().poll(context));
                std::mem::take(fault)
            }
            State::Beginning(_) | State::Running => return Poll::Pending,
        };
        self.state = State::Ended(None);
        Poll::Ready(Some(Err(fault.into())))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Ended(None))
    }
}
