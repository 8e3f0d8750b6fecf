//! One destination's lane: the spans that wait for it, put together into batches,
//! and the log of how it fares. Lives on the export thread alone.

use super::{
    Batching, Counters,
    counts::Lane as Counts,
    destination::{Destination, Loss},
};
use opentelemetry_sdk::trace::SpanData;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, timeout, timeout_at},
};

/// A destination that fails is heard of at once, and then this often.
const REMINDER: Duration = Duration::from_secs(60);

pub(super) struct Lane {
    counters: Counters,
    index: usize,
    batching: Batching,
    waiting: RefCell<VecDeque<SpanData>>,
    /// When the first of those came, or the batch before them went.
    first_since: Cell<Instant>,
    /// With the destination, and not answered for.
    under_way: Cell<usize>,
    closing: Cell<bool>,
    changed: Notify,
}

/// What the log has said of a destination.
#[derive(Default)]
struct Health {
    /// When its failing was last told.
    told: Option<Instant>,
}

impl Lane {
    pub(super) fn new(counters: Counters, index: usize, batching: Batching) -> Self {
        Self {
            counters,
            index,
            batching,
            waiting: RefCell::default(),
            first_since: Cell::new(Instant::now()),
            under_way: Cell::default(),
            closing: Cell::default(),
            changed: Notify::new(),
        }
    }

    /// Puts a span at the end; loses it where the lane is full.
    pub(super) fn push(&self, span: SpanData) {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() < self.batching.max_queue {
            waiting.push_back(span);
        } else {
            add(&self.counts().dropped, 1);
        }
        if waiting.len() == 1 {
            self.first_since.set(Instant::now());
        }
        // What its reader waits for: a first one, and as many as go at a time.
        if waiting.len() == 1 || waiting.len() == self.batching.max_batch {
            self.changed.notify_one();
        }
    }

    /// Nothing more comes: what waits goes now.
    pub(super) fn close(&self) {
        self.closing.set(true);
        self.changed.notify_one();
    }

    /// Gives batches to `destination` until the lane is closed and empty.
    pub(super) async fn run(&self, mut destination: Box<dyn Destination>) {
        let delay = destination.delay().unwrap_or(self.batching.delay);
        let limit = self.batching.export_timeout;
        let mut health = Health::default();
        while self.batch(delay).await {
            let batch = self.take();
            let spans = batch.len();
            self.under_way.set(spans);
            let late = || Loss::new(spans, format!("no answer within {limit:?}"));
            let result = match timeout(limit, destination.export(batch)).await {
                Ok(result) => result,
                Err(_) => Err(late()),
            };
            self.under_way.set(0);
            self.count(spans, &result);
            health.tell(destination.name(), result);
        }
        if let Ok(result @ Err(_)) = timeout(limit, destination.finish()).await {
            health.tell(destination.name(), result);
        }
    }

    /// What is still here when the time is over is lost.
    pub(super) fn give_up(&self) {
        let left = self.waiting.borrow_mut().drain(..).count() + self.under_way.take();
        add(&self.counts().failed, left);
        if left > 0 {
            let name = self.counts().name;
            tracing::warn!("{left} spans for {name} are lost: there was no time left to send them");
        }
    }

    /// Waits for a batch that is full, or whose first span has waited long enough.
    /// False: there is none, and none will come.
    async fn batch(&self, delay: Duration) -> bool {
        loop {
            let due = self.first_since.get() + delay;
            let waiting = self.waiting.borrow().len();
            if self.closing.get() {
                return waiting > 0;
            }
            if waiting >= self.batching.max_batch || (waiting > 0 && Instant::now() >= due) {
                return true;
            }
            let changed = self.changed.notified();
            if waiting > 0 {
                // The end of the time is a change like another.
                let _ = timeout_at(due, changed).await;
            } else {
                changed.await;
            }
        }
    }

    fn take(&self) -> Vec<SpanData> {
        let mut waiting = self.waiting.borrow_mut();
        let spans = waiting.len().min(self.batching.max_batch);
        self.first_since.set(Instant::now());
        waiting.drain(..spans).collect()
    }

    fn count(&self, spans: usize, result: &Result<(), Loss>) {
        let lost = result.as_ref().err().map_or(0, |loss| loss.spans);
        let lost = lost.min(spans);
        add(&self.counts().failed, lost);
        add(&self.counts().exported, spans - lost);
    }

    fn counts(&self) -> &Counts {
        self.counters.lane(self.index)
    }
}

// === impl Health ===

impl Health {
    fn tell(&mut self, name: &str, result: Result<(), Loss>) {
        match result {
            Err(Loss { spans, reason }) => {
                if self.told.is_none_or(|told| told.elapsed() >= REMINDER) {
                    self.told = Some(Instant::now());
                    tracing::warn!("{spans} spans for {name} are lost: {reason}");
                }
            }
            Ok(()) => {
                if self.told.take().is_some() {
                    tracing::info!("{name} takes spans again");
                }
            }
        }
    }
}

fn add(counter: &AtomicU64, spans: usize) {
    counter.fetch_add(spans as u64, Relaxed);
}
