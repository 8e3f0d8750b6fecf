//! The book of a process's calls, and the journal in which each worker writes.

use super::{
    active::{Active, Key, Slab},
    buckets::{Buckets, REQUEST_LATENCIES, TRACE_LATENCIES, newest},
    history::{History, Period, Rpc, Side, Totals},
    latency::{Histogram, Latency},
    sample::{Sample, Traffic},
};
use crate::telemetry::propagation::TraceId;
use std::{
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// What calls can be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What it is listed under in `/debug/requests`.
    pub family: String,
    /// What it is called.
    pub title: String,
    /// Which side of a gRPC call it is, if it is one.
    pub rpc: Option<Side>,
}

/// The calls of a gateway or a backend. Clones are the same book.
#[derive(Clone)]
pub struct Book(Arc<Inner>);

struct Inner {
    operations: Vec<Operation>,
    /// Sorted, and for each operation its place in there.
    families: Vec<String>,
    family_of: Vec<usize>,
    epoch: Instant,
    journals: Mutex<Vec<Arc<Journal>>>,
    histories: Mutex<Vec<History>>,
}

/// What one worker writes.
#[derive(Debug)]
pub struct Journal {
    epoch: Instant,
    family_of: Vec<usize>,
    active: Slab,
    operations: Box<[OnceLock<Box<Cells>>]>,
    families: Box<[OnceLock<Box<Buckets<REQUEST_BUCKETS>>>]>,
}

const REQUEST_BUCKETS: usize = REQUEST_LATENCIES.len() + 1;
const TRACE_BUCKETS: usize = TRACE_LATENCIES.len() + 1;

/// What is kept of an operation.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Cells {
    latency: Latency,
    errors: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    examples: Buckets<TRACE_BUCKETS>,
}

/// Examples of calls by bucket, newest first; the last bucket is of errors.
#[derive(Debug, Clone)]
pub struct Traces {
    /// A family's, or an operation's, name.
    pub name: String,
    /// How many calls are under way.
    pub active: usize,
    /// By latency, then errors.
    pub buckets: Vec<Vec<Arc<Sample>>>,
}

// === impl Book ===

impl Book {
    /// A book of these operations; calls name them by their places.
    pub fn new(operations: Vec<Operation>) -> Self {
        let mut families: Vec<_> = operations.iter().map(|it| it.family.clone()).collect();
        families.sort_unstable();
        families.dedup();
        let family_of = operations.iter().map(|operation| {
            let found = families.binary_search(&operation.family);
            found.expect("every operation's family was put in")
        });
        Self(Arc::new(Inner {
            family_of: family_of.collect(),
            families,
            epoch: Instant::now(),
            journals: Mutex::default(),
            histories: Mutex::new(operations.iter().map(|_| History::default()).collect()),
            operations,
        }))
    }

    /// A journal for one more worker.
    pub fn journal(&self) -> Arc<Journal> {
        let inner = &self.0;
        let journal = Arc::new(Journal {
            epoch: inner.epoch,
            family_of: inner.family_of.clone(),
            active: Slab::default(),
            operations: inner.operations.iter().map(|_| OnceLock::new()).collect(),
            families: inner.families.iter().map(|_| OnceLock::new()).collect(),
        });
        let mut journals = inner
            .journals
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        journals.push(Arc::clone(&journal));
        journal
    }

    /// Takes note of the counts, for the last minute and hour to be known. To be
    /// called every few seconds.
    pub fn look(&self) {
        let now = Instant::now();
        let mut histories = self.histories();
        for (operation, history) in histories.iter_mut().enumerate() {
            let totals = self.totals(operation);
            if totals.count() > 0 {
                history.look(now, &totals);
            }
        }
    }

    /// How long it has been kept.
    pub fn age(&self) -> Duration {
        self.0.epoch.elapsed()
    }

    /// What calls can be of.
    pub fn operations(&self) -> &[Operation] {
        &self.0.operations
    }

    /// The families, sorted.
    pub fn families(&self) -> &[String] {
        &self.0.families
    }

    /// A family's calls.
    pub fn family(&self, family: usize) -> Traces {
        let mut buckets = vec![Vec::new(); REQUEST_BUCKETS];
        for journal in self.journals() {
            if let Some(kept) = journal.families[family].get() {
                kept.add_to(&mut buckets);
            }
        }
        newest(&mut buckets);
        Traces {
            name: self.0.families[family].clone(),
            active: self
                .active(|operation| self.0.family_of[operation] == family)
                .len(),
            buckets,
        }
    }

    /// An operation's calls.
    pub fn operation(&self, operation: usize) -> Traces {
        let mut buckets = vec![Vec::new(); TRACE_BUCKETS];
        for journal in self.journals() {
            if let Some(cells) = journal.operations[operation].get() {
                cells.examples.add_to(&mut buckets);
            }
        }
        newest(&mut buckets);
        Traces {
            name: self.0.operations[operation].title.clone(),
            active: self.active(|of| of == operation).len(),
            buckets,
        }
    }

    /// The calls under way of the operations that are wanted, oldest first.
    pub fn active(&self, wanted: impl Fn(usize) -> bool) -> Vec<Active> {
        let journals = self.journals();
        let listed = journals.iter().flat_map(|journal| journal.active.list());
        let mut active: Vec<_> = listed.filter(|call| wanted(call.operation)).collect();
        active.sort_by_key(|call| call.began);
        active
    }

    /// The calls under way of a family, oldest first.
    pub fn active_of_family(&self, family: usize) -> Vec<Active> {
        self.active(|operation| self.0.family_of[operation] == family)
    }

    /// How long a family's calls took.
    pub fn latencies(&self, family: usize, period: Period) -> Histogram {
        let (now, histories) = (Instant::now(), self.histories());
        let mut sum = Totals::default();
        for (operation, history) in histories.iter().enumerate() {
            if self.0.family_of[operation] == family {
                sum.add(&history.within(period, now, &self.totals(operation)));
            }
        }
        sum.latency.shown()
    }

    /// How the gRPC methods fared that were called at all.
    pub fn rpcs(&self, side: Side) -> Vec<Rpc> {
        let (now, histories) = (Instant::now(), self.histories());
        let age = now.duration_since(self.0.epoch);
        let of_side = |operation: &Operation| operation.rpc == Some(side);
        let operations = self.0.operations.iter().zip(histories.iter()).enumerate();
        let operations = operations.filter(|(_, (operation, _))| of_side(operation));
        operations
            .filter_map(|(index, (operation, history))| {
                let totals = self.totals(index);
                let rates = |period: Period| {
                    let within = history.within(period, now, &totals);
                    within.rates(period.length().min(age))
                };
                (totals.count() > 0).then(|| Rpc {
                    method: operation.title.clone(),
                    minute: rates(Period::Minute),
                    hour: rates(Period::Hour),
                    total: rates(Period::Total),
                })
            })
            .collect()
    }

    fn totals(&self, operation: usize) -> Totals {
        let mut totals = Totals::default();
        for journal in self.journals() {
            if let Some(cells) = journal.operations[operation].get() {
                cells.latency.add_to(&mut totals.latency);
                totals.errors += cells.errors.load(Relaxed);
                totals.sent += cells.sent.load(Relaxed);
                totals.received += cells.received.load(Relaxed);
            }
        }
        totals
    }

    fn journals(&self) -> Vec<Arc<Journal>> {
        let journals = self.0.journals.lock();
        journals.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn histories(&self) -> std::sync::MutexGuard<'_, Vec<History>> {
        let histories = self.0.histories.lock();
        histories.unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book")
            .field("operations", &self.0.operations.len())
            .finish_non_exhaustive()
    }
}

// === impl Journal ===

impl Journal {
    /// A call begins.
    pub fn begin(&self, operation: usize, began: Instant, trace: Option<TraceId>) -> Key {
        self.active.add(Active {
            operation,
            began,
            trace,
            sent: Traffic::default(),
            received: Traffic::default(),
        })
    }

    /// A call that takes long has got further.
    pub fn progress(&self, key: &Key, sent: Traffic, received: Traffic) {
        self.active.change(key, |call| {
            call.sent = sent;
            call.received = received;
        });
    }

    /// A call is over. `sample` is asked only when the call is wanted as an example.
    pub fn end(&self, key: Option<Key>, ended: &Ended, sample: impl FnOnce() -> Sample) {
        if let Some(key) = key {
            self.active.remove(key);
        }
        let Ended { operation, .. } = *ended;
        let cells = self.operations[operation].get_or_init(Box::default);
        cells.latency.record(ended.elapsed);
        cells.sent.fetch_add(ended.sent, Relaxed);
        cells.received.fetch_add(ended.received, Relaxed);
        if ended.failed {
            cells.errors.fetch_add(1, Relaxed);
        }
        self.keep(cells, ended, sample);
    }

    fn keep(&self, cells: &Cells, ended: &Ended, sample: impl FnOnce() -> Sample) {
        // From 1: 0 stands for never.
        let second = ended.at.saturating_duration_since(self.epoch).as_secs() + 1;
        let family = self.families[self.family_of[ended.operation]].get_or_init(Box::default);
        let (mut of_family, mut of_operation) = (0_u32, 0_u32);
        if ended.failed {
            // Errors stand apart from the latencies of what went well.
            of_family |= bit(
                family.wants(REQUEST_BUCKETS - 1, second),
                REQUEST_BUCKETS - 1,
            );
            of_operation |= bit(
                cells.examples.wants(TRACE_BUCKETS - 1, second),
                TRACE_BUCKETS - 1,
            );
        } else {
            let slow_enough = REQUEST_LATENCIES
                .iter()
                .take_while(|it| **it <= ended.elapsed);
            for (bucket, _) in slow_enough.enumerate() {
                of_family |= bit(family.wants(bucket, second), bucket);
            }
            let bucket = TRACE_LATENCIES.partition_point(|it| *it <= ended.elapsed) - 1;
            of_operation |= bit(cells.examples.wants(bucket, second), bucket);
        }
        if of_family | of_operation == 0 {
            return;
        }
        let sample = Arc::new(sample());
        for bucket in (0..REQUEST_BUCKETS).filter(|bucket| of_family >> bucket & 1 == 1) {
            family.keep(bucket, Arc::clone(&sample));
        }
        for bucket in (0..TRACE_BUCKETS).filter(|bucket| of_operation >> bucket & 1 == 1) {
            cells.examples.keep(bucket, Arc::clone(&sample));
        }
    }
}

/// What is counted of every call.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// What it was of.
    pub operation: usize,
    /// When it ended.
    pub at: Instant,
    /// How long it took.
    pub elapsed: Duration,
    /// Whether somebody should look at it.
    pub failed: bool,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
}

fn bit(set: bool, place: usize) -> u32 {
    u32::from(set) << place
}
