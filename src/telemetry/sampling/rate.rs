//! So many a second: a count that begins anew with each second.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// What seconds are counted from.
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A rate that all workers share. One word holds the second and what was taken in it.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: u32,
    taken: AtomicU64,
}

impl Rate {
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            per_second,
            taken: AtomicU64::new(0),
        }
    }

    /// Takes one of this second's, if there is one left.
    pub(super) fn take(&self) -> bool {
        self.take_in(BEGINNING.elapsed().as_secs() + 1)
    }

    fn take_in(&self, second: u64) -> bool {
        let second = second << 32;
        self.taken
            .fetch_update(Relaxed, Relaxed, |taken| {
                // A thread that looked at its clock before others takes what they left.
                let (of, count) = (taken & !u64::from(u32::MAX), taken & u64::from(u32::MAX));
                match of < second {
                    true if self.per_second > 0 => Some(second | 1),
                    false if count < u64::from(self.per_second) => Some(taken + 1),
                    _ => None,
                }
            })
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_has_its_own() {
        let rate = Rate::new(2);
        let taken: Vec<bool> = [1, 1, 1, 2, 1, 2, 9]
            .map(|second| rate.take_in(second))
            .into();
        assert_eq!(taken, [true, true, false, true, true, false, true]);
        assert!(!Rate::new(0).take_in(1));
    }

    #[test]
    fn threads_share_it() {
        let rate = Rate::new(1000);
        let taken: usize = std::thread::scope(|scope| {
            let take = || (0..1000).filter(|_| rate.take_in(5)).count();
            let threads = [(); 4].map(|()| scope.spawn(take));
            threads
                .map(|thread| thread.join().expect("it only counts"))
                .iter()
                .sum()
        });
        assert_eq!(taken, 1000);
    }
}
