//! SIGTERM and SIGINT: the first begins the drain, the second leaves at once.

use super::Failure;
use std::process;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a shell reports for a program that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// The two signals, taken from here on.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Must be called inside the runtime, before anyone is told that the program
    /// is ready.
    pub(super) fn take() -> Result<Self, Failure> {
        let take = |kind| {
            signal(kind).map_err(|error| Failure::failed(format!("cannot handle signals: {error}")))
        };
        Ok(Self {
            terminate: take(SignalKind::terminate())?,
            interrupt: take(SignalKind::interrupt())?,
        })
    }

    /// Calls `first` on the first signal and leaves on the second.
    pub(super) async fn watch(mut self, first: impl FnOnce()) {
        self.next().await;
        tracing::info!("shutting down; a second signal leaves at once");
        first();
        self.next().await;
        process::exit(INTERRUPTED);
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
