//! The pipeline with destinations that do as the test says.
#![allow(clippy::unwrap_used)]

use super::*;
use opentelemetry::{
    InstrumentationScope,
    trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};
use std::{
    future::{pending, ready},
    sync::mpsc,
    time::{Duration, Instant, SystemTime},
};

/// A span with nothing to say, which others may build upon.
pub(super) fn span(number: u64) -> SpanData {
    SpanData {
        span_context: SpanContext::new(
            TraceId::from(1),
            SpanId::from(number),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        ),
        parent_span_id: SpanId::INVALID,
        parent_span_is_remote: false,
        span_kind: SpanKind::Server,
        name: "GET /v1/things/{thing}".into(),
        start_time: SystemTime::UNIX_EPOCH,
        end_time: SystemTime::UNIX_EPOCH + Duration::from_millis(5),
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::builder("test").build(),
    }
}

type Act = Box<dyn FnMut(Vec<SpanData>) -> Exporting<'static> + Send>;

struct Acting(&'static str, Act);

impl Destination for Acting {
    fn name(&self) -> &'static str {
        self.0
    }

    fn export(&mut self, batch: Vec<SpanData>) -> Exporting<'_> {
        (self.1)(batch)
    }
}

/// Takes every batch, and tells its size.
fn taking(name: &'static str) -> (Box<dyn Destination>, mpsc::Receiver<usize>) {
    let (sizes, told) = mpsc::channel();
    let act = move |batch: Vec<SpanData>| -> Exporting<'static> {
        sizes.send(batch.len()).unwrap();
        Box::pin(ready(Ok(())))
    };
    (Box::new(Acting(name, Box::new(act))), told)
}

/// Never answers; tells that it was asked.
fn hanging() -> (Box<dyn Destination>, mpsc::Receiver<()>) {
    let (asked, told) = mpsc::channel();
    let act = move |_| -> Exporting<'static> {
        asked.send(()).unwrap();
        Box::pin(pending())
    };
    (Box::new(Acting("hanging", Box::new(act))), told)
}

fn batching() -> Batching {
    Batching {
        max_queue: 64,
        max_batch: 10,
        delay: Duration::from_millis(1),
        ..Batching::default()
    }
}

const SOON: Duration = Duration::from_secs(10);

#[test]
fn spans_go_in_batches_and_all_at_the_end() {
    let (destination, sizes) = taking("taking");
    let slow = Batching {
        delay: Duration::from_secs(3600),
        ..batching()
    };
    let pipeline = Pipeline::new(slow, vec![destination]).unwrap();
    let counters = pipeline.counters();
    let sender = pipeline.sender();
    (0..25).for_each(|number| sender.send(span(number)));
    assert_eq!(sizes.recv_timeout(SOON), Ok(10));
    assert_eq!(sizes.recv_timeout(SOON), Ok(10));
    pipeline.shutdown(SOON);
    assert_eq!(sizes.recv_timeout(SOON), Ok(5), "the rest, before its time");
    let all = Counts {
        sent: 25,
        exported: 25,
        ..Counts::default()
    };
    assert_eq!(counters.total(), all);
}

#[test]
fn one_span_does_not_wait_for_more_than_its_time() {
    let (destination, sizes) = taking("taking");
    let pipeline = Pipeline::new(batching(), vec![destination]).unwrap();
    pipeline.sender().send(span(1));
    assert_eq!(sizes.recv_timeout(SOON), Ok(1));
    pipeline.shutdown(SOON);
}

#[test]
fn a_hanging_destination_holds_up_neither_senders_nor_another_destination() {
    let (hanging, asked) = hanging();
    let (taking, sizes) = taking("taking");
    let pipeline = Pipeline::new(batching(), vec![hanging, taking]).unwrap();
    let (sender, counters) = (pipeline.sender(), pipeline.counters());
    sender.send(span(1));
    asked.recv_timeout(SOON).unwrap();
    let mut taken = 0;
    // Each round is more than half the queue, so that the reader is called.
    for round in 1..=10 {
        (0..40).for_each(|number| sender.send(span(number)));
        while taken < 1 + round * 40 {
            taken += sizes.recv_timeout(SOON).unwrap();
        }
    }
    let started = Instant::now();
    pipeline.shutdown(Duration::from_millis(300));
    assert!(started.elapsed() < SOON, "the end has a deadline");
    let by_name: Vec<_> = counters.destinations().collect();
    let [("hanging", lost), ("taking", kept)] = by_name[..] else {
        panic!("{by_name:?}");
    };
    assert_eq!(
        (kept.sent, kept.dropped_full, kept.failed),
        (kept.exported, 0, 0)
    );
    assert_eq!((lost.sent, lost.exported), (kept.sent, 0));
    assert_eq!(lost.sent, lost.dropped_full + lost.failed);
    // What was under way, and what waited.
    assert!((64..=74).contains(&lost.failed), "{lost:?}");
}

#[test]
fn a_batch_without_an_answer_in_its_time_has_failed() {
    let (hanging, asked) = hanging();
    let short = Batching {
        export_timeout: Duration::from_millis(20),
        ..batching()
    };
    let pipeline = Pipeline::new(short, vec![hanging]).unwrap();
    let counters = pipeline.counters();
    pipeline.sender().send(span(1));
    asked.recv_timeout(SOON).unwrap();
    pipeline.sender().send(span(2));
    asked.recv_timeout(SOON).unwrap();
    assert_eq!(counters.total().failed, 1, "the lane went on after it");
    pipeline.shutdown(SOON);
    assert_eq!(counters.total().failed, 2);
}

#[test]
fn what_a_destination_refuses_is_counted() {
    let act = |batch: Vec<SpanData>| -> Exporting<'static> {
        Box::pin(ready(Err(Loss::new(batch.len().min(3), "too dull"))))
    };
    let refusing = Box::new(Acting("refusing", Box::new(act)));
    let pipeline = Pipeline::new(batching(), vec![refusing as _]).unwrap();
    let (sender, counters) = (pipeline.sender(), pipeline.counters());
    (0..10).for_each(|number| sender.send(span(number)));
    pipeline.shutdown(SOON);
    let total = counters.total();
    assert_eq!((total.exported, total.failed), (7, 3));
}
