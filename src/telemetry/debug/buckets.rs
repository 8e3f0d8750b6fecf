//! The last few examples of calls by how long they took.

use super::sample::Sample;
use std::{
    array,
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// From where on a call is in a bucket of `/debug/requests`. It is in each that it
/// is slow enough for.
pub const REQUEST_LATENCIES: [Duration; 8] = [
    Duration::ZERO,
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(10),
    Duration::from_secs(100),
];

/// From where on a call is in a bucket of `/debug/tracez`, until the next begins.
pub const TRACE_LATENCIES: [Duration; 9] = [
    Duration::ZERO,
    Duration::from_micros(10),
    Duration::from_micros(100),
    Duration::from_millis(1),
    Duration::from_millis(10),
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(10),
    Duration::from_secs(100),
];

/// How many examples a bucket keeps.
const KEPT: usize = 10;

/// Buckets of examples. Each takes one a second at most, and until then is done
/// with a call after one relaxed load.
#[derive(Debug)]
pub(super) struct Buckets<const N: usize> {
    /// The second in which a bucket last took one; 0 for never.
    taken: [AtomicU64; N],
    kept: Mutex<[VecDeque<Arc<Sample>>; N]>,
}

impl<const N: usize> Default for Buckets<N> {
    fn default() -> Self {
        Self {
            taken: [const { AtomicU64::new(0) }; N],
            kept: Mutex::new(array::from_fn(|_| VecDeque::new())),
        }
    }
}

impl<const N: usize> Buckets<N> {
    /// Whether a bucket takes an example in this second, which is then taken.
    pub(super) fn wants(&self, bucket: usize, second: u64) -> bool {
        let taken = &self.taken[bucket];
        let wants = taken.load(Relaxed) != second;
        if wants {
            taken.store(second, Relaxed);
        }
        wants
    }

    pub(super) fn keep(&self, bucket: usize, sample: Arc<Sample>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = &mut kept[bucket];
        if bucket.len() == KEPT {
            bucket.pop_front();
        }
        bucket.push_back(sample);
    }

    /// Adds the examples of each bucket to those of other workers.
    pub(super) fn add_to(&self, all: &mut [Vec<Arc<Sample>>]) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for (all, bucket) in all.iter_mut().zip(&*kept) {
            all.extend(bucket.iter().cloned());
        }
    }
}

/// The newest examples of each bucket, newest first.
pub(super) fn newest(buckets: &mut [Vec<Arc<Sample>>]) {
    for bucket in buckets {
        bucket.sort_by_key(|sample| std::cmp::Reverse(sample.began));
        bucket.truncate(KEPT);
    }
}
