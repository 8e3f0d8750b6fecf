//! The same counts as OpenCensus's default views for gRPC show them: milliseconds,
//! no bucket for zero, statuses only where calls are counted.

use super::{
    calls::{self, code_name, codes},
    family::{Distribution, Family, Kind, Point, Section, Value},
    scale::LATENCY,
    views::{BYTES, Counted, Side},
};
use std::sync::LazyLock;

/// Without the bound at zero, which these views do not have.
static MILLISECONDS: LazyLock<Vec<f64>> = LazyLock::new(|| LATENCY.bounds(1e6)[1..].into());

pub(super) fn sections(counted: &Counted) -> Vec<Section> {
    [Side::Client, Side::Server]
        .into_iter()
        .flat_map(|side| of_side(counted, side))
        .collect()
}

fn of_side(counted: &Counted, side: Side) -> Vec<Section> {
    let [sent, received, latency, completed] = match side {
        Side::Client => CLIENT,
        Side::Server => SERVER,
    };
    let completed = counted.by_method(completed, move |counted, method, points| {
        for code in codes() {
            let ended = counted.ended(side, method, code);
            let count: u64 = ended.duration.buckets.iter().sum();
            if count > 0 {
                let point = Point::number(count as f64)
                    .with(method_label(side), &*counted.catalog().methods()[method])
                    .with(status_label(side), code_name(code));
                points.push(point);
            }
        }
    });
    vec![
        distribution(counted, side, sent, |total| {
            Distribution::of(&total.sent, &BYTES[1..], 1.0)
        }),
        distribution(counted, side, received, |total| {
            Distribution::of(&total.received, &BYTES[1..], 1.0)
        }),
        distribution(counted, side, latency, |total| {
            Distribution::of(&total.duration, &MILLISECONDS, 1e6)
        }),
        completed,
    ]
}

/// A distribution over all statuses.
fn distribution(
    counted: &Counted,
    side: Side,
    family: Family,
    choose: fn(&calls::Counted) -> Option<Distribution>,
) -> Section {
    counted.by_method(family, move |counted, method, points| {
        let mut total = calls::Counted::default();
        for code in codes() {
            let ended = counted.ended(side, method, code);
            total.duration.add(&ended.duration);
            total.sent.add(&ended.sent);
            total.received.add(&ended.received);
        }
        if let Some(distribution) = choose(&total) {
            let method = counted.catalog().methods()[method].clone();
            let labels = vec![(method_label(side), method)];
            let value = Value::Distribution(distribution);
            points.push(Point { labels, value });
        }
    })
}

fn method_label(side: Side) -> &'static str {
    match side {
        Side::Client => "grpc_client_method",
        Side::Server => "grpc_server_method",
    }
}

fn status_label(side: Side) -> &'static str {
    match side {
        Side::Client => "grpc_client_status",
        Side::Server => "grpc_server_status",
    }
}

const CLIENT: [Family; 4] = [
    family(
        Kind::Histogram,
        "grpc.io/client/sent_bytes_per_rpc",
        "grpc_io_client_sent_bytes_per_rpc",
        "By",
        "Distribution of bytes sent per RPC, by method.",
    ),
    family(
        Kind::Histogram,
        "grpc.io/client/received_bytes_per_rpc",
        "grpc_io_client_received_bytes_per_rpc",
        "By",
        "Distribution of bytes received per RPC, by method.",
    ),
    family(
        Kind::Histogram,
        "grpc.io/client/roundtrip_latency",
        "grpc_io_client_roundtrip_latency",
        "ms",
        "Distribution of round-trip latency, by method.",
    ),
    family(
        Kind::Counter,
        "grpc.io/client/completed_rpcs",
        "grpc_io_client_completed_rpcs",
        "1",
        "Count of RPCs by method and status.",
    ),
];

const SERVER: [Family; 4] = [
    family(
        Kind::Histogram,
        "grpc.io/server/sent_bytes_per_rpc",
        "grpc_io_server_sent_bytes_per_rpc",
        "By",
        "Distribution of total sent bytes per RPC, by method.",
    ),
    family(
        Kind::Histogram,
        "grpc.io/server/received_bytes_per_rpc",
        "grpc_io_server_received_bytes_per_rpc",
        "By",
        "Distribution of received bytes per RPC, by method.",
    ),
    family(
        Kind::Histogram,
        "grpc.io/server/server_latency",
        "grpc_io_server_server_latency",
        "ms",
        "Distribution of server latency in milliseconds, by method.",
    ),
    family(
        Kind::Counter,
        "grpc.io/server/completed_rpcs",
        "grpc_io_server_completed_rpcs",
        "1",
        "Count of RPCs by method and status.",
    ),
];

/// OpenCensus knows no scopes.
const fn family(
    kind: Kind,
    name: &'static str,
    prometheus: &'static str,
    unit: &'static str,
    help: &'static str,
) -> Family {
    Family {
        name,
        prometheus,
        kind,
        unit,
        help,
        scoped: false,
    }
}
