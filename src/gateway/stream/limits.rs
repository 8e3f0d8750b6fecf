//! What ends a streaming call before its time, over HTTP as over WebSocket: its
//! deadline, a pause that is too long, the end of the gateway.

use super::super::failure::Failure;
use super::super::matched::Owned;
use crate::upstream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// When a message last went either way.
#[derive(Debug)]
pub(in crate::gateway) struct Activity(Mutex<Instant>);

impl Activity {
    pub(in crate::gateway) fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    /// A message has passed.
    pub(in crate::gateway) fn pass(&self) {
        *self.last() = Instant::now();
    }

    /// Returns once no message has passed for so long.
    async fn idle(&self, limit: Duration) {
        loop {
            let last = *self.last();
            sleep_until(last + limit).await;
            if *self.last() == last {
                return;
            }
        }
    }

    fn last(&self) -> MutexGuard<'_, Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns, with the reason, when the call has to end.
pub(in crate::gateway) async fn over(
    route: Owned,
    activity: Arc<Activity>,
    deadline: Instant,
) -> Failure {
    tokio::select! {
        () = route.closing() => Failure::Closing,
        () = sleep_until(deadline) => Failure::Upstream(upstream::Failure::DeadlineExceeded),
        () = activity.idle(route.manners().stream_idle) => Failure::StreamIdle,
    }
}
