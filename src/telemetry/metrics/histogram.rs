//! A histogram that is recorded into with two relaxed additions, and the last
//! sampled call that fell into each of its buckets.

use super::scale::Scale;
use crate::telemetry::propagation::{SpanId, TraceId};
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Instant, SystemTime},
};

/// Counts by bucket. How often anything was recorded is their sum, so that the
/// buckets and the count of one reading never contradict each other.
#[derive(Debug)]
pub(super) struct Histogram<const N: usize> {
    buckets: [AtomicU64; N],
    sum: AtomicU64,
}

/// What a histogram holds, added up over workers.
#[derive(Debug, Clone)]
pub(super) struct Reading<const N: usize> {
    pub(super) buckets: [u64; N],
    pub(super) sum: u64,
    pub(super) exemplars: Vec<Exemplar>,
}

/// A sampled call that may be named beside the bucket it fell into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampled {
    /// The trace that the call is part of.
    pub trace: TraceId,
    /// The span that was recorded for it.
    pub span: SpanId,
}

/// A call that stands for its bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exemplar {
    pub(super) bucket: usize,
    pub(super) value: u64,
    pub(super) call: Sampled,
    pub(super) at: SystemTime,
}

/// One exemplar a bucket, replaced at most once a second: the check that finds
/// nothing to do is one relaxed load.
#[derive(Debug, Default)]
pub(super) struct Exemplars {
    /// The second in the upper bits, and below it a bit for each bucket that was
    /// seen in it.
    seen: AtomicU64,
    kept: Mutex<Vec<Exemplar>>,
}

/// Bits of [`Exemplars::seen`] that are buckets.
const BUCKET_BITS: u32 = 42;

// === impl Histogram ===

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; N],
            sum: AtomicU64::new(0),
        }
    }
}

impl<const N: usize> Histogram<N> {
    /// Records a value and says which bucket it fell into.
    pub(super) fn record(&self, scale: &Scale<N>, value: u64) -> usize {
        let bucket = scale.bucket(value);
        self.buckets[bucket].fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
        bucket
    }

    /// Adds what is here to `reading`.
    pub(super) fn add_to(&self, reading: &mut Reading<N>) {
        for (total, bucket) in reading.buckets.iter_mut().zip(&self.buckets) {
            *total += bucket.load(Relaxed);
        }
        reading.sum += self.sum.load(Relaxed);
    }
}

// === impl Reading ===

impl<const N: usize> Default for Reading<N> {
    fn default() -> Self {
        Self {
            buckets: [0; N],
            sum: 0,
            exemplars: Vec::new(),
        }
    }
}

impl<const N: usize> Reading<N> {
    pub(super) fn is_empty(&self) -> bool {
        self.buckets.iter().all(|count| *count == 0)
    }

    /// Adds another reading to this one.
    pub(super) fn add(&mut self, other: &Self) {
        for (total, bucket) in self.buckets.iter_mut().zip(other.buckets) {
            *total += bucket;
        }
        self.sum += other.sum;
        for exemplar in &other.exemplars {
            keep(&mut self.exemplars, *exemplar);
        }
    }
}

// === impl Exemplars ===

impl Exemplars {
    /// Keeps the call unless its bucket got one in this second.
    pub(super) fn offer(
        &self,
        started: Instant,
        now: Instant,
        bucket: usize,
        value: u64,
        call: Sampled,
    ) {
        // From 1, so that the second in which counting begins is none that was seen.
        let second = now.saturating_duration_since(started).as_secs() + 1;
        let (second, bit) = (second << BUCKET_BITS, 1 << bucket);
        let seen = self.seen.load(Relaxed);
        let same = seen >> BUCKET_BITS == second >> BUCKET_BITS;
        if same && seen & bit != 0 {
            return;
        }
        // Two who race may both keep theirs, which harms nobody.
        let seen = if same { seen } else { second };
        self.seen.store(seen | bit, Relaxed);
        // Whoever panicked in here left a whole exemplar or none.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let exemplar = Exemplar {
            bucket,
            value,
            call,
            at: SystemTime::now(),
        };
        keep(&mut kept, exemplar);
    }

    pub(super) fn add_to<const N: usize>(&self, reading: &mut Reading<N>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for exemplar in &*kept {
            keep(&mut reading.exemplars, *exemplar);
        }
    }
}

/// The newest exemplar of each bucket stays.
fn keep(kept: &mut Vec<Exemplar>, exemplar: Exemplar) {
    match kept.iter_mut().find(|old| old.bucket == exemplar.bucket) {
        Some(old) if old.at <= exemplar.at => *old = exemplar,
        Some(_) => {}
        None => kept.push(exemplar),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scale::SIZE;
    use super::*;
    use std::time::Duration;

    #[test]
    fn values_add_up_over_workers() {
        let workers = [Histogram::<15>::default(), Histogram::default()];
        workers[0].record(&SIZE, 0);
        workers[0].record(&SIZE, 1025);
        workers[1].record(&SIZE, 2048);
        let mut reading = Reading::default();
        for worker in &workers {
            worker.add_to(&mut reading);
        }
        assert_eq!(reading.buckets[..4], [1, 0, 2, 0]);
        assert_eq!(reading.sum, 3073);
    }

    #[test]
    fn a_bucket_takes_one_exemplar_a_second() {
        let (exemplars, start) = (Exemplars::default(), Instant::now());
        let offer = |after: u64, bucket: usize, value: u64| {
            let call = Sampled {
                trace: TraceId::random(),
                span: SpanId::random(),
            };
            let now = start + Duration::from_millis(after);
            exemplars.offer(start, now, bucket, value, call);
            let mut reading = Reading::<42>::default();
            exemplars.add_to(&mut reading);
            let mut kept: Vec<_> = reading
                .exemplars
                .iter()
                .map(|e| (e.bucket, e.value))
                .collect();
            kept.sort_unstable();
            kept
        };
        assert_eq!(offer(0, 3, 30), [(3, 30)]);
        assert_eq!(offer(1, 3, 31), [(3, 30)]);
        assert_eq!(offer(2, 41, 90), [(3, 30), (41, 90)]);
        assert_eq!(offer(1_500, 3, 32), [(3, 32), (41, 90)]);
        assert_eq!(offer(1_600, 3, 33), [(3, 32), (41, 90)]);
    }
}
