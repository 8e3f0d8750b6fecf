//! How long calls take, in powers of two of microseconds: of all time, and of the
//! last minute and hour, by subtracting what was there before.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Buckets: [0, 1), [1, 2), [2, 4) … microseconds.
pub(super) const BUCKETS: usize = 38;

/// Counts by worker.
#[derive(Debug)]
pub(super) struct Latency {
    buckets: [AtomicU64; BUCKETS],
    sum: AtomicU64,
    /// The bits of a floating-point number, which has room for squares.
    squares: AtomicU64,
}

/// Counts that were read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Counts {
    pub(super) buckets: [u64; BUCKETS],
    pub(super) sum: u64,
    pub(super) squares: f64,
}

/// A distribution of latencies, as a page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// How many calls.
    pub count: u64,
    /// Their mean, in microseconds.
    pub mean: f64,
    /// Their standard deviation.
    pub deviation: f64,
    /// Half of them were faster than about this.
    pub median: f64,
    /// What is in each bucket, from the first that has any to the last.
    pub rows: Vec<Row>,
}

/// A bucket of a [`Histogram`].
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// From this, in microseconds.
    pub low: u64,
    /// To below this.
    pub high: u64,
    /// How many calls.
    pub count: u64,
    /// Their share of all, in percent.
    pub percent: f64,
    /// The share of these and all faster ones.
    pub cumulative: f64,
}

// === impl Latency ===

impl Default for Latency {
    fn default() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; BUCKETS],
            sum: AtomicU64::new(0),
            squares: AtomicU64::new(0),
        }
    }
}

impl Latency {
    pub(super) fn record(&self, elapsed: Duration) {
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let bucket = (u64::BITS - micros.leading_zeros()) as usize;
        self.buckets[bucket.min(BUCKETS - 1)].fetch_add(1, Relaxed);
        self.sum.fetch_add(micros, Relaxed);
        let square = (micros as f64).powi(2);
        let add = |bits| Some((f64::from_bits(bits) + square).to_bits());
        // It cannot fail, for it always has a next value.
        let _ = self.squares.fetch_update(Relaxed, Relaxed, add);
    }

    pub(super) fn add_to(&self, counts: &mut Counts) {
        for (total, bucket) in counts.buckets.iter_mut().zip(&self.buckets) {
            *total += bucket.load(Relaxed);
        }
        counts.sum += self.sum.load(Relaxed);
        counts.squares += f64::from_bits(self.squares.load(Relaxed));
    }
}

// === impl Counts ===

impl Default for Counts {
    fn default() -> Self {
        Self {
            buckets: [0; BUCKETS],
            sum: 0,
            squares: 0.0,
        }
    }
}

impl Counts {
    /// What came since `before`.
    pub(super) fn since(&self, before: &Self) -> Self {
        let mut counts = self.clone();
        for (count, before) in counts.buckets.iter_mut().zip(before.buckets) {
            *count = count.saturating_sub(before);
        }
        counts.sum = counts.sum.saturating_sub(before.sum);
        counts.squares = (counts.squares - before.squares).max(0.0);
        counts
    }

    pub(super) fn shown(&self) -> Histogram {
        let count: u64 = self.buckets.iter().sum();
        let total = count.max(1) as f64;
        let mean = self.sum as f64 / total;
        let used = |count: &u64| *count > 0;
        let first = self.buckets.iter().position(used).unwrap_or(0);
        let end = self
            .buckets
            .iter()
            .rposition(used)
            .map_or(0, |last| last + 1);
        let mut below = 0;
        let rows = (first..end).map(|bucket| {
            let count = self.buckets[bucket];
            below += count;
            let (low, high) = bounds(bucket);
            Row {
                low,
                high,
                count,
                percent: 100.0 * count as f64 / total,
                cumulative: 100.0 * below as f64 / total,
            }
        });
        Histogram {
            count,
            mean,
            deviation: (self.squares / total - mean * mean).max(0.0).sqrt(),
            rows: rows.collect(),
            median: self.median(count),
        }
    }

    /// As if calls were spread evenly over their bucket.
    fn median(&self, count: u64) -> f64 {
        let half = count as f64 / 2.0;
        let mut below = 0.0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            let count = *count as f64;
            if count > 0.0 && below + count >= half {
                let (low, high) = bounds(bucket);
                return low as f64 + (high - low) as f64 * (half - below) / count;
            }
            below += count;
        }
        0.0
    }
}

fn bounds(bucket: usize) -> (u64, u64) {
    let low = if bucket == 0 { 0 } else { 1 << (bucket - 1) };
    (low, 1 << bucket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_distributed_over_powers_of_two() {
        let latency = Latency::default();
        for micros in [0, 1, 3, 3, 1000, u64::MAX / 1000] {
            latency.record(Duration::from_micros(micros));
        }
        let mut counts = Counts::default();
        latency.add_to(&mut counts);
        let mut before = Counts::default();
        before.buckets[BUCKETS - 1] = 1;
        before.sum = u64::MAX / 1000;
        before.squares = ((u64::MAX / 1000) as f64).powi(2);
        let shown = counts.since(&before).shown();
        assert_eq!((shown.count, shown.mean), (5, 1007.0 / 5.0));
        let rows: Vec<_> = shown
            .rows
            .iter()
            .map(|row| (row.low, row.high, row.count))
            .collect();
        assert_eq!(rows[..3], [(0, 1, 1), (1, 2, 1), (2, 4, 2)]);
        assert_eq!(rows[rows.len() - 1], (512, 1024, 1));
        assert_eq!(shown.rows[2].cumulative, 80.0);
        assert_eq!(shown.median, 2.5);
    }

    #[test]
    fn nothing_is_shown_of_nothing() {
        let shown = Counts::default().shown();
        assert_eq!((shown.count, shown.median, shown.rows.len()), (0, 0.0, 0));
    }
}
