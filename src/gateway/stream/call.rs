//! A call whose answer has begun, shared by the body that reads it and a task that
//! ends it when it has to. That task needs nobody to poll the body: a client that
//! has stopped reading does not keep a call at the backend beyond its limits.

use super::super::failure::Failure;
use super::Pump;
use crate::upstream::Receiving;
use bytes::Bytes;
use http::HeaderMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use tokio::task::JoinHandle;

/// A call under way; dropping it cancels it.
pub(in crate::gateway) struct Call {
    shared: Arc<Mutex<State>>,
    /// Ends the call when it has to.
    warden: JoinHandle<()>,
}

/// The call, as its reader and its end see it.
pub(in crate::gateway) struct State {
    way: Way,
    /// The reader, while it waits.
    reader: Option<Waker>,
}

enum Way {
    Open {
        receiving: Receiving,
        pump: Option<Pump>,
    },
    /// It was ended from here; the reason is told once.
    Over(Option<Failure>),
}

impl Call {
    /// `over` returns when the call has to end, and says why.
    pub(in crate::gateway) fn new(
        receiving: Receiving,
        pump: Option<Pump>,
        over: impl Future<Output = Failure> + Send + 'static,
    ) -> Self {
        let shared = Arc::new(Mutex::new(State {
            way: Way::Open { receiving, pump },
            reader: None,
        }));
        let state = shared.clone();
        let warden = tokio::spawn(async move {
            let failure = over.await;
            end(&state, failure);
        });
        Self { shared, warden }
    }

    /// The call for a run of reads.
    pub(in crate::gateway) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.shared)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.warden.abort();
    }
}

/// No code panics while it holds the lock, so a poisoned one is still sound.
fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn end(shared: &Mutex<State>, failure: Failure) {
    let mut state = lock(shared);
    let ended = std::mem::replace(&mut state.way, Way::Over(Some(failure)));
    let reader = state.reader.take();
    drop(state);
    // Cancels it at the backend.
    drop(ended);
    if let Some(reader) = reader {
        reader.wake();
    }
}

impl State {
    /// The next message, or `None` after the last; sends what the client sends
    /// meanwhile.
    pub(in crate::gateway) fn poll_message(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Failure>> {
        let polled = match &mut self.way {
            Way::Over(reason) => Poll::Ready(match reason.take() {
                Some(failure) => Err(failure),
                None => Ok(None),
            }),
            Way::Open { receiving, pump } => poll_open(receiving, pump, context),
        };
        if polled.is_pending() {
            match &mut self.reader {
                Some(reader) => reader.clone_from(context.waker()),
                None => self.reader = Some(context.waker().clone()),
            }
        }
        polled
    }

    /// Ends the call for a reason that its reader knows.
    pub(in crate::gateway) fn cancel(&mut self) {
        self.way = Way::Over(None);
    }

    /// The trailing metadata, after the last message.
    pub(in crate::gateway) fn trailers(&self) -> Option<&HeaderMap> {
        match &self.way {
            Way::Open { receiving, .. } => receiving.trailers(),
            Way::Over(_) => None,
        }
    }
}

fn poll_open(
    receiving: &mut Receiving,
    pump: &mut Option<Pump>,
    context: &mut Context<'_>,
) -> Poll<Result<Option<Bytes>, Failure>> {
    if let Some(running) = pump
        && let Poll::Ready(pumped) = running.as_mut().poll(context)
    {
        *pump = None;
        pumped?;
    }
    let message = ready!(receiving.poll_message(context));
    Poll::Ready(message.map_err(Failure::Upstream))
}
