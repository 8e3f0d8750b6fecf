//! Metrics pushed by OTLP, now and then, and once more at the end.

use super::{otlp, registry::Registry};
use crate::telemetry::export::{
    Error,
    otlp::{Settings, Signal, Transport},
};
use prost::Message as _;
use std::{
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
    time::{MissedTickBehavior, interval_at, timeout},
};

/// A thread that pushes metrics until it is shut down.
#[derive(Debug)]
pub struct Push {
    stop: oneshot::Sender<Duration>,
    thread: JoinHandle<()>,
}

/// How often metrics are pushed where nothing is said.
const INTERVAL: Duration = Duration::from_secs(60);

/// What `OTEL_METRIC_EXPORT_INTERVAL` says, in milliseconds.
pub fn push_interval(lookup: impl Fn(&str) -> Option<String>) -> Duration {
    let name = "OTEL_METRIC_EXPORT_INTERVAL";
    let Some(text) = lookup(name).filter(|text| !text.is_empty()) else {
        return INTERVAL;
    };
    match text.parse() {
        Ok(millis @ 1..) => Duration::from_millis(millis),
        // As OpenTelemetry asks of numbers that are none.
        _ => {
            tracing::warn!("{name}: `{text}` is no number of milliseconds; 60000 is used");
            INTERVAL
        }
    }
}

impl Push {
    /// Pushes what `registry` counts to the receiver of `settings`.
    ///
    /// # Errors
    ///
    /// When certificates cannot be read, or the system gives no thread.
    pub fn start(
        registry: Registry,
        settings: &Settings,
        interval: Duration,
    ) -> Result<Self, Error> {
        let transport = Transport::new(settings, Signal::Metrics)?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Error::Thread)?;
        let (stop, stopped) = oneshot::channel();
        let pusher = Pusher {
            registry,
            transport,
            interval,
        };
        let thread = thread::Builder::new()
            .name("trestle-metrics".to_owned())
            .spawn(move || pusher.run(&runtime, stopped))
            .map_err(Error::Thread)?;
        Ok(Self { stop, thread })
    }

    /// Pushes once more and ends, `within` this time.
    pub fn shutdown(self, within: Duration) {
        // Should the thread be gone already, there is nothing to stop.
        let _ = self.stop.send(within);
        if self.thread.join().is_err() {
            tracing::error!("the thread that pushed metrics panicked");
        }
    }
}

struct Pusher {
    registry: Registry,
    transport: Transport,
    interval: Duration,
}

impl Pusher {
    fn run(mut self, runtime: &Runtime, mut stopped: oneshot::Receiver<Duration>) {
        runtime.block_on(async {
            let first = tokio::time::Instant::now() + self.interval;
            let mut ticks = interval_at(first, self.interval);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let within = loop {
                // A push may take long; the end does not wait for it.
                tokio::select! {
                    biased;
                    within = &mut stopped => break within.unwrap_or_default(),
                    () = async { ticks.tick().await; self.push().await } => {}
                }
            };
            if timeout(within, self.push()).await.is_err() {
                tracing::warn!("the last metrics were not taken within {within:?}");
            }
        });
    }

    async fn push(&mut self) {
        for request in otlp::requests(&self.registry) {
            let message = request.encode_to_vec().into();
            if let Err(refusal) = self.transport.send(message).await {
                tracing::warn!(error = %refusal, "metrics were not taken");
                return;
            }
        }
    }
}
