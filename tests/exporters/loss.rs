//! Receivers that refuse, hang or are not there: nobody waits for them, and what
//! is lost is counted.

use super::{SOON, settings, span, start};
use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

/// Accepts connections (the system does) and never says anything.
fn hanging() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Nobody listens there.
fn refusing() -> String {
    hanging().1
}

#[test]
fn senders_do_not_wait_for_a_receiver_that_hangs_and_the_end_has_a_deadline() {
    for protocol in ["grpc", "http/protobuf"] {
        let (_listener, url) = hanging();
        let settings = settings(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &url),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_BSP_SCHEDULE_DELAY", "1"),
        ]);
        let pipeline = start(&settings);
        let (sender, counters) = (pipeline.sender(), pipeline.counters());
        let started = Instant::now();
        (0..100_000).for_each(|number| sender.send(span(number)));
        // Making the spans takes most of it; a wait of one export would be 10 s.
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{:?}",
            started.elapsed()
        );
        let started = Instant::now();
        pipeline.shutdown(Duration::from_millis(300));
        assert!(
            started.elapsed() < Duration::from_secs(3),
            "{:?}",
            started.elapsed()
        );
        let total = counters.total();
        assert_eq!((total.sent, total.exported), (100_000, 0));
        assert_eq!(total.dropped_full + total.failed, 100_000, "{total:?}");
    }
}

#[test]
fn a_receiver_that_is_not_there_costs_its_spans_and_is_named() {
    for protocol in ["grpc", "http/protobuf"] {
        let url = refusing();
        let settings = settings(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &url),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "700"),
        ]);
        let pipeline = start(&settings);
        let counters = pipeline.counters();
        (0..10).for_each(|number| pipeline.sender().send(span(number)));
        let started = Instant::now();
        pipeline.shutdown(SOON);
        assert!(started.elapsed() < Duration::from_secs(5));
        assert_eq!(counters.total().failed, 10, "{protocol}");
    }
}
