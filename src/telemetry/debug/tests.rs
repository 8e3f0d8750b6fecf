//! A book with two journals in it.

use super::{Book, Ended, Journal, Operation, Period, Sample, Side, Traffic};
use std::time::{Duration, Instant, SystemTime};

fn book() -> Book {
    let operation = |family: &str, title: &str, rpc| Operation {
        family: family.to_owned(),
        title: title.to_owned(),
        rpc,
    };
    Book::new(vec![
        operation("http.b.B", "GET /b", None),
        operation("grpc.Sent.b.B", "b.B/Get", Some(Side::Sent)),
        operation("grpc.Sent.b.B", "b.B/Put", Some(Side::Sent)),
    ])
}

/// Puts a call in that took `millis` and is over `after` the journal began.
fn put(journal: &Journal, operation: usize, millis: u64, failed: bool, after: u64) -> bool {
    let key = journal.begin(operation, Instant::now(), None);
    let (elapsed, mut asked) = (Duration::from_millis(millis), false);
    let ended = Ended {
        operation,
        at: Instant::now() + Duration::from_secs(after),
        elapsed,
        failed,
        sent: 1,
        received: 2,
    };
    journal.end(Some(key), &ended, || {
        asked = true;
        Sample {
            elapsed,
            failed,
            ..sample(operation)
        }
    });
    asked
}

fn kept(buckets: &[Vec<std::sync::Arc<Sample>>]) -> Vec<usize> {
    buckets.iter().map(Vec::len).collect()
}

#[test]
fn examples_are_in_every_bucket_of_their_family_that_they_are_slow_enough_for() {
    let book = book();
    let (first, second) = (book.journal(), book.journal());
    put(&first, 1, 0, false, 0);
    put(&second, 2, 150, false, 0);
    put(&first, 1, 60, true, 0);
    assert_eq!(book.families(), ["grpc.Sent.b.B", "http.b.B"]);
    assert_eq!(kept(&book.family(0).buckets), [2, 1, 1, 0, 0, 0, 0, 0, 1]);
    assert_eq!(kept(&book.family(1).buckets), [0; 9]);
    let put = book.operation(2);
    assert_eq!(put.name, "b.B/Put");
    assert_eq!(kept(&put.buckets), [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    assert_eq!(
        kept(&book.operation(1).buckets),
        [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    );
}

#[test]
fn a_bucket_takes_one_example_a_second_and_keeps_ten() {
    let book = book();
    let journal = book.journal();
    assert!(put(&journal, 1, 0, false, 0));
    assert!(!put(&journal, 1, 0, false, 0));
    for second in 1..20 {
        assert!(put(&journal, 1, 0, false, second));
    }
    assert_eq!(kept(&book.family(0).buckets)[0], 10);
    assert_eq!(book.latencies(0, Period::Total).count, 21);
}

#[test]
fn calls_under_way_are_listed_oldest_first_until_they_end() {
    let book = book();
    let journals = [book.journal(), book.journal()];
    let now = Instant::now();
    let late = journals[0].begin(1, now + Duration::from_secs(1), None);
    let early = journals[1].begin(2, now, None);
    let traffic = Traffic {
        messages: 3,
        bytes: 30,
    };
    journals[1].progress(&early, traffic, Traffic::default());
    let listed = book.active_of_family(0);
    let operations: Vec<_> = listed.iter().map(|call| call.operation).collect();
    assert_eq!(operations, [2, 1]);
    assert_eq!(listed[0].sent, traffic);
    assert_eq!(book.family(0).active, 2);
    for (journal, key, operation) in [(&journals[0], late, 1), (&journals[1], early, 2)] {
        let ended = Ended {
            operation,
            at: now,
            elapsed: Duration::ZERO,
            failed: false,
            sent: 0,
            received: 0,
        };
        journal.end(Some(key), &ended, || sample(operation));
    }
    assert_eq!(book.family(0).active, 0);
}

fn sample(operation: usize) -> Sample {
    Sample {
        operation,
        began: SystemTime::now(),
        elapsed: Duration::ZERO,
        http: None,
        code: None,
        cut: false,
        failed: false,
        error: None,
        sent: Traffic::default(),
        received: Traffic::default(),
        events: Vec::new(),
        trace: None,
    }
}

#[test]
fn methods_are_told_apart_by_side_and_only_if_called() {
    let book = book();
    let journal = book.journal();
    put(&journal, 2, 4, false, 0);
    put(&journal, 2, 6, true, 0);
    let rpcs = book.rpcs(Side::Sent);
    assert_eq!(rpcs.len(), 1);
    assert_eq!(rpcs[0].method, "b.B/Put");
    let total = rpcs[0].total;
    assert_eq!((total.count, total.errors, total.latency), (2, 1, 5.0));
    assert!(book.rpcs(Side::Received).is_empty());
}
