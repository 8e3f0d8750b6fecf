//! How the export of spans fares, under the names of OpenTelemetry's conventions
//! for what an SDK says of itself.

use super::family::{Family, Kind, Point, Section};
use crate::telemetry::export::{Counters, Counts};

/// The counts of a pipeline.
pub fn of_export(counters: &Counters) -> Vec<Section> {
    let (mut exported, mut dropped) = (Vec::new(), Vec::new());
    let mut waiting = Vec::new();
    for (destination, counts) in counters.destinations() {
        let Counts {
            sent,
            exported: taken,
            dropped_full,
            failed,
        } = counts;
        let point = |value: u64| Point::number(value as f64).with("destination", destination);
        exported.push(point(taken));
        exported.push(point(failed).with("error.type", "rejected"));
        dropped.push(point(dropped_full).with("error.type", "queue_full"));
        let gone = taken + dropped_full + failed;
        waiting.push(point(sent.saturating_sub(gone)));
    }
    vec![
        Section::of(EXPORTED, exported),
        Section::of(PROCESSED, dropped),
        Section::of(WAITING, waiting),
    ]
}

const EXPORTED: Family = Family {
    name: "otel.sdk.exporter.span.exported",
    prometheus: "otel_sdk_exporter_span_exported_total",
    kind: Kind::Counter,
    unit: "{span}",
    help: "Number of spans for which the export has finished, successful or failed.",
    scoped: true,
};
const PROCESSED: Family = Family {
    name: "otel.sdk.processor.span.processed",
    prometheus: "otel_sdk_processor_span_processed_total",
    kind: Kind::Counter,
    unit: "{span}",
    help: "Number of spans that were not handed to the exporter, because there was no room.",
    scoped: true,
};
const WAITING: Family = Family {
    name: "otel.sdk.processor.span.queue.size",
    prometheus: "otel_sdk_processor_span_queue_size",
    kind: Kind::Gauge,
    unit: "{span}",
    help: "Number of spans that wait to be exported.",
    scoped: true,
};
