//! The queue between the workers and the export thread: of fixed size, without
//! locks. Handing in a span is a few instructions and no system call; the reader
//! looks by itself a few times a second, and is woken only once for each half
//! queue that fills up in between.

use super::counts;
use crossbeam_queue::ArrayQueue;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};
use tokio::sync::Notify;

/// Where finished spans are handed in. Clones share the queue.
pub struct Sender<R> {
    queue: Arc<Queue<R>>,
}

/// The queue with what its reader needs.
pub(super) struct Queue<R> {
    records: ArrayQueue<R>,
    /// The reader has been told that the queue is half full.
    called: AtomicBool,
    pub(super) half_full: Notify,
    pub(super) counts: Arc<counts::Queue>,
}

// === impl Sender ===

impl<R> Sender<R> {
    pub(super) fn new(queue: Arc<Queue<R>>) -> Self {
        Self { queue }
    }

    /// Hands in a finished span. Never waits: where the queue is full the span is
    /// lost and counted.
    pub fn send(&self, record: R) {
        let queue = &*self.queue;
        if queue.records.push(record).is_err() {
            queue.counts.dropped.fetch_add(1, Relaxed);
        }
        let half = queue.records.capacity().div_ceil(2);
        if queue.records.len() >= half
            && !queue.called.load(Relaxed)
            && !queue.called.swap(true, Relaxed)
        {
            queue.half_full.notify_one();
        }
    }
}

impl<R> Clone for Sender<R> {
    fn clone(&self) -> Self {
        Self::new(self.queue.clone())
    }
}

impl<R> fmt::Debug for Sender<R> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.queue.records.len();
        out.debug_struct("Sender")
            .field("waiting", &waiting)
            .finish()
    }
}

// === impl Queue ===

impl<R> Queue<R> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            records: ArrayQueue::new(capacity.max(1)),
            called: AtomicBool::new(false),
            half_full: Notify::new(),
            counts: Arc::default(),
        }
    }

    /// Takes what is there, at most one full queue, so that senders faster than
    /// the reader do not hold it here for ever.
    pub(super) fn take(&self) -> impl Iterator<Item = R> {
        // Before reading: whoever fills half the queue after this calls again.
        self.called.store(false, Relaxed);
        (0..self.records.capacity())
            .map_while(|_| self.records.pop())
            .inspect(|_| {
                self.counts.taken.fetch_add(1, Relaxed);
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_loses_and_counts() {
        let queue = Arc::new(Queue::new(4));
        let sender = Sender::new(queue.clone());
        for record in 0..10 {
            sender.send(record);
        }
        assert_eq!(queue.counts.dropped.load(Relaxed), 6);
        assert_eq!(queue.take().collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(queue.counts.taken.load(Relaxed), 4);
    }

    #[tokio::test]
    async fn half_a_queue_calls_the_reader_once() {
        let queue = Arc::new(Queue::new(8));
        let sender = Sender::new(queue.clone());
        (0..3).for_each(|record| sender.send(record));
        let called = || async {
            tokio::select! {
                biased;
                () = queue.half_full.notified() => true,
                () = std::future::ready(()) => false,
            }
        };
        assert!(!called().await, "fewer than half call nobody");
        (3..8).for_each(|record| sender.send(record));
        assert!(called().await);
        assert!(!called().await, "one call for all of them");
        assert_eq!(queue.take().count(), 8);
        (0..4).for_each(|record| sender.send(record));
        assert!(called().await, "and one for the next half");
    }
}
