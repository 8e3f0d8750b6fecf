//! The export thread: from the queue to the lanes, and all of it flushed at the
//! end, within a deadline. The thread has a runtime of its own, so that no worker
//! ever waits for, or works for, a receiver of spans.

use super::{Counters, Destination, Error, Expand, Sender, lane::Lane, queue::Queue};
use futures_util::future::join_all;
use std::{
    rc::Rc,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};
use tokio::{
    runtime::Builder,
    sync::oneshot,
    task::LocalSet,
    time::{MissedTickBehavior, interval, timeout},
};

/// How often the queue is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// How spans are put together, by the names of `OTEL_BSP_*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batching {
    /// At most so many spans wait in the queue, and for each destination.
    pub max_queue: usize,
    /// At most so many go at a time.
    pub max_batch: usize,
    /// So long does a span wait for others.
    pub delay: Duration,
    /// A destination that has not taken a batch after this time has lost it.
    pub export_timeout: Duration,
}

/// The running export: spans of the form `R` to every destination.
#[derive(Debug)]
pub struct Pipeline<R> {
    sender: Sender<R>,
    counters: Counters,
    /// Tells the thread to end, and how long it may take. Dropping it does too.
    end: oneshot::Sender<Duration>,
    ended: mpsc::Receiver<()>,
}

// === impl Pipeline ===

impl<R: Expand> Pipeline<R> {
    /// Starts the export thread.
    ///
    /// # Errors
    ///
    /// When the system gives no thread, or nothing to wait on.
    pub fn new(batching: Batching, destinations: Vec<Box<dyn Destination>>) -> Result<Self, Error> {
        let queue = Arc::new(Queue::new(batching.max_queue));
        let names = destinations.iter().map(|destination| destination.name());
        let counters = Counters::new(queue.counts.clone(), names);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (end, ending) = oneshot::channel();
        let (done, ended) = mpsc::channel();
        let (from, to) = (queue.clone(), counters.clone());
        thread::Builder::new()
            .name("telemetry-export".to_owned())
            .spawn(move || {
                let work = export(&from, &to, &batching, destinations, ending);
                LocalSet::new().block_on(&runtime, work);
                // Not joined: a look-up of a name may hang for long.
                runtime.shutdown_background();
                // Nobody may be left to hear it.
                let _ = done.send(());
            })?;
        Ok(Self {
            sender: Sender::new(queue),
            counters,
            end,
            ended,
        })
    }

    /// Where finished spans are handed in.
    pub fn sender(&self) -> Sender<R> {
        self.sender.clone()
    }

    /// What became of the spans.
    pub fn counters(&self) -> Counters {
        self.counters.clone()
    }

    /// Sends what waits and ends, within the time given; what cannot be sent by
    /// then counts as failed. Blocks the calling thread meanwhile.
    pub fn shutdown(self, within: Duration) {
        // The thread may be gone only if it panicked; there is nothing to flush then.
        if self.end.send(within).is_ok() {
            // A little more than it has, to hear of its own giving up.
            let _ = self.ended.recv_timeout(within + LOOK);
        }
    }
}

async fn export<R: Expand>(
    queue: &Queue<R>,
    counters: &Counters,
    batching: &Batching,
    destinations: Vec<Box<dyn Destination>>,
    mut ending: oneshot::Receiver<Duration>,
) {
    let lanes: Vec<_> = (0..destinations.len())
        .map(|index| Rc::new(Lane::new(counters.clone(), index, batching.clone())))
        .collect();
    let running = lanes.iter().zip(destinations).map(|(lane, destination)| {
        let lane = lane.clone();
        tokio::task::spawn_local(async move { lane.run(destination).await })
    });
    let running: Vec<_> = running.collect();

    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let within = loop {
        tokio::select! {
            _ = look.tick() => {}
            () = queue.half_full.notified() => {}
            within = &mut ending => break within.unwrap_or(batching.export_timeout),
        }
        hand_on(queue, &lanes);
    };
    hand_on(queue, &lanes);
    lanes.iter().for_each(|lane| lane.close());
    if timeout(within, join_all(running)).await.is_err() {
        lanes.iter().for_each(|lane| lane.give_up());
    }
}

fn hand_on<R: Expand>(queue: &Queue<R>, lanes: &[Rc<Lane>]) {
    let Some((last, others)) = lanes.split_last() else {
        return;
    };
    for record in queue.take() {
        let span = record.expand();
        for lane in others {
            lane.push(span.clone());
        }
        last.push(span);
    }
}

// === impl Batching ===

impl Default for Batching {
    fn default() -> Self {
        Self {
            max_queue: 2048,
            max_batch: 512,
            delay: Duration::from_secs(5),
            export_timeout: Duration::from_secs(30),
        }
    }
}
