//! What became of the spans, told at any time.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// What became of the spans meant for one destination. Once all is flushed,
/// `sent` is the sum of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Handed to the pipeline.
    pub sent: u64,
    /// Taken by the destination.
    pub exported: u64,
    /// Lost because there was no room to keep them until the destination took them.
    pub dropped_full: u64,
    /// Refused by the destination, or never taken in time.
    pub failed: u64,
}

/// The counts of a pipeline; clones read the same ones.
#[derive(Debug, Clone)]
pub struct Counters {
    queue: Arc<Queue>,
    lanes: Arc<[Lane]>,
}

/// Spans that were on their way to all destinations.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Out of the queue, onto every lane.
    pub(super) taken: AtomicU64,
    /// Found the queue full.
    pub(super) dropped: AtomicU64,
}

/// Spans that were on their way to one destination.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) name: &'static str,
    pub(super) exported: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) failed: AtomicU64,
}

// === impl Counters ===

impl Counters {
    pub(super) fn new(queue: Arc<Queue>, names: impl Iterator<Item = &'static str>) -> Self {
        Self {
            queue,
            lanes: names.map(Lane::new).collect(),
        }
    }

    pub(super) fn lane(&self, index: usize) -> &Lane {
        &self.lanes[index]
    }

    /// Each destination's name and counts.
    pub fn destinations(&self) -> impl Iterator<Item = (&'static str, Counts)> {
        self.lanes.iter().map(|lane| (lane.name, self.of(lane)))
    }

    /// The destinations' counts added up: a span that goes to two counts twice.
    pub fn total(&self) -> Counts {
        self.lanes
            .iter()
            .fold(Counts::default(), |sum, lane| sum + self.of(lane))
    }

    fn of(&self, lane: &Lane) -> Counts {
        let lost_before = self.queue.dropped.load(Relaxed);
        Counts {
            sent: self.queue.taken.load(Relaxed) + lost_before,
            exported: lane.exported.load(Relaxed),
            dropped_full: lost_before + lane.dropped.load(Relaxed),
            failed: lane.failed.load(Relaxed),
        }
    }
}

// === impl Lane ===

impl Lane {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            exported: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }
}

// === impl Counts ===

impl std::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            exported: self.exported + other.exported,
            dropped_full: self.dropped_full + other.dropped_full,
            failed: self.failed + other.failed,
        }
    }
}
