//! The calls under way on one worker: a slab, so that a call finds its place and
//! leaves it without a search.

use super::sample::Traffic;
use crate::telemetry::propagation::TraceId;
use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// A call under way.
#[derive(Debug, Clone)]
pub struct Active {
    /// Which operation it is of.
    pub operation: usize,
    /// When it began.
    pub began: Instant,
    /// Its trace, if it is recorded.
    pub trace: Option<TraceId>,
    /// What was sent so far; told of from the second message on.
    pub sent: Traffic,
    /// What was received so far.
    pub received: Traffic,
}

/// A call's place in the list; to be given back once.
#[derive(Debug)]
pub struct Key(usize);

#[derive(Debug, Default)]
pub(super) struct Slab(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    all: Vec<Option<Active>>,
    free: Vec<usize>,
}

impl Slab {
    pub(super) fn add(&self, call: Active) -> Key {
        self.with(|places| match places.free.pop() {
            Some(place) => {
                places.all[place] = Some(call);
                Key(place)
            }
            None => {
                places.all.push(Some(call));
                Key(places.all.len() - 1)
            }
        })
    }

    pub(super) fn change(&self, key: &Key, change: impl FnOnce(&mut Active)) {
        self.with(|places| places.all[key.0].as_mut().map(change));
    }

    pub(super) fn remove(&self, key: Key) {
        self.with(|places| {
            places.all[key.0] = None;
            places.free.push(key.0);
        });
    }

    pub(super) fn list(&self) -> Vec<Active> {
        self.with(|places| places.all.iter().flatten().cloned().collect())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Places) -> T) -> T {
        // Nothing panics while the lock is held, but for a slab out of memory.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again() {
        let slab = Slab::default();
        let call = |operation| Active {
            operation,
            began: Instant::now(),
            trace: None,
            sent: Traffic::default(),
            received: Traffic::default(),
        };
        let (first, second) = (slab.add(call(1)), slab.add(call(2)));
        slab.change(&second, |call| call.sent.messages = 5);
        slab.remove(first);
        let third = slab.add(call(3));
        let listed: Vec<_> = slab
            .list()
            .iter()
            .map(|it| (it.operation, it.sent.messages))
            .collect();
        assert_eq!(listed, [(3, 0), (2, 5)]);
        slab.remove(second);
        slab.remove(third);
        assert!(slab.list().is_empty());
    }
}
