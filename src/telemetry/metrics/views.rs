//! The counts under the names of gRFC A66 and of OpenTelemetry's conventions for
//! HTTP servers. A series begins to be when its first call does.

use super::{
    calls::{self, Calls, code_name, codes},
    catalog::Catalog,
    exchanges::{self, active_label_values, active_labels},
    family::{Distribution, Family, Point, Section, Value},
    instruments::{
        ACTIVE_REQUESTS, ATTEMPT_DURATION, ATTEMPT_RECEIVED, ATTEMPT_SENT, ATTEMPTS_STARTED,
        CALL_DURATION, REQUEST_DURATION, REQUEST_SIZE, RESPONSE_SIZE, SERVED_DURATION,
        SERVED_RECEIVED, SERVED_SENT, SERVED_STARTED,
    },
    scale::{HTTP_LATENCY, LATENCY, SIZE},
    shard::Shard,
};
use std::sync::{Arc, LazyLock};
use tonic::Code;

pub(super) static SECONDS: LazyLock<Vec<f64>> = LazyLock::new(|| LATENCY.bounds(1e9));
pub(super) static BYTES: LazyLock<Vec<f64>> = LazyLock::new(|| SIZE.bounds(1.0));
static HTTP_SECONDS: LazyLock<Vec<f64>> = LazyLock::new(|| HTTP_LATENCY.bounds(1e9));

/// The cells of all workers.
#[derive(Clone)]
pub(super) struct Counted(Arc<(Arc<Catalog>, Vec<Arc<Shard>>)>);

/// Which side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

impl Counted {
    pub(super) fn new(catalog: Arc<Catalog>, shards: Vec<Arc<Shard>>) -> Self {
        Self(Arc::new((catalog, shards)))
    }

    pub(super) fn catalog(&self) -> &Catalog {
        &self.0.0
    }

    fn shards(&self) -> impl Iterator<Item = &Shard> {
        self.0.1.iter().map(|shard| &**shard)
    }

    fn sides(&self, side: Side) -> impl Iterator<Item = &Calls> {
        self.shards().map(move |shard| match side {
            Side::Client => &shard.client,
            Side::Server => &shard.server,
        })
    }

    fn started(&self, side: Side, method: usize) -> u64 {
        let shards = self.sides(side);
        shards.map(|calls| calls.count_started(method)).sum()
    }

    /// What ended with a code, added up.
    pub(super) fn ended(&self, side: Side, method: usize, code: Code) -> calls::Counted {
        let mut counted = calls::Counted::default();
        for calls in self.sides(side) {
            calls.add_to(method, code, &mut counted);
        }
        counted
    }

    /// A section that goes over the methods.
    pub(super) fn by_method<F>(&self, family: Family, fill: F) -> Section
    where
        F: Fn(&Self, usize, &mut Vec<Point>) + Send + 'static,
    {
        let counted = self.clone();
        Section {
            family,
            portions: counted.catalog().methods().len(),
            fill: Box::new(move |method, points| fill(&counted, method, points)),
        }
    }

    fn by_route<F>(&self, family: Family, choose: F) -> Section
    where
        F: Fn(&exchanges::Counted) -> Option<Distribution> + Send + 'static,
    {
        let counted = self.clone();
        let routes = counted.catalog().routes().len();
        Section {
            family,
            portions: routes + 1,
            fill: Box::new(move |route, points| {
                let mut exchanges = Vec::new();
                for shard in counted.shards() {
                    shard.http.add_to(route, &mut exchanges);
                }
                let template = counted.catalog().routes().get(route);
                for (labels, exchange) in exchanges {
                    let Some(distribution) = choose(&exchange) else {
                        continue;
                    };
                    let mut labels = labels.named();
                    labels.extend(template.map(|route| ("http.route", route.clone())));
                    let value = Value::Distribution(distribution);
                    points.push(Point { labels, value });
                }
            }),
        }
    }
}

/// The A66 metrics, of a client and of a server.
pub(super) fn grpc(counted: &Counted) -> Vec<Section> {
    let sections = [
        started(counted, Side::Client, ATTEMPTS_STARTED),
        ended(counted, Side::Client, ATTEMPT_DURATION, |counted| {
            Distribution::of(&counted.duration, &SECONDS, 1e9)
        }),
        ended(counted, Side::Client, ATTEMPT_SENT, sent),
        ended(counted, Side::Client, ATTEMPT_RECEIVED, received),
        ended(counted, Side::Client, CALL_DURATION, |counted| {
            Distribution::of(&counted.call_duration, &SECONDS, 1e9)
        }),
        started(counted, Side::Server, SERVED_STARTED),
        ended(counted, Side::Server, SERVED_SENT, sent),
        ended(counted, Side::Server, SERVED_RECEIVED, received),
        ended(counted, Side::Server, SERVED_DURATION, |counted| {
            Distribution::of(&counted.duration, &SECONDS, 1e9)
        }),
    ];
    sections.into()
}

fn sent(counted: &calls::Counted) -> Option<Distribution> {
    Distribution::of(&counted.sent, &BYTES, 1.0)
}

fn received(counted: &calls::Counted) -> Option<Distribution> {
    Distribution::of(&counted.received, &BYTES, 1.0)
}

fn started(counted: &Counted, side: Side, family: Family) -> Section {
    counted.by_method(family, move |counted, method, points| {
        let count = counted.started(side, method);
        if count > 0 {
            let labels = labels(counted.catalog(), side, method, None);
            let value = Value::Number(count as f64);
            points.push(Point { labels, value });
        }
    })
}

fn ended(
    counted: &Counted,
    side: Side,
    family: Family,
    choose: fn(&calls::Counted) -> Option<Distribution>,
) -> Section {
    counted.by_method(family, move |counted, method, points| {
        for code in codes() {
            if let Some(distribution) = choose(&counted.ended(side, method, code)) {
                let labels = labels(counted.catalog(), side, method, Some(code));
                let value = Value::Distribution(distribution);
                points.push(Point { labels, value });
            }
        }
    })
}

/// The labels of A66, in the order of the alphabet.
fn labels(
    catalog: &Catalog,
    side: Side,
    method: usize,
    code: Option<Code>,
) -> Vec<(&'static str, String)> {
    let mut labels = vec![("grpc.method", catalog.methods()[method].clone())];
    labels.extend(code.map(|code| ("grpc.status", code_name(code).to_owned())));
    if side == Side::Client {
        labels.push(("grpc.target", catalog.target().to_owned()));
    }
    labels
}

/// The metrics of HTTP exchanges.
pub(super) fn http(counted: &Counted) -> Vec<Section> {
    let active = counted.clone();
    let active = Section {
        family: ACTIVE_REQUESTS,
        portions: 1,
        fill: Box::new(move |_, points| points.extend(active_points(&active))),
    };
    vec![
        counted.by_route(REQUEST_DURATION, |counted| {
            Distribution::of(&counted.duration, &HTTP_SECONDS, 1e9)
        }),
        active,
        counted.by_route(REQUEST_SIZE, |counted| {
            Distribution::of(&counted.received, &BYTES, 1.0)
        }),
        counted.by_route(RESPONSE_SIZE, |counted| {
            Distribution::of(&counted.sent, &BYTES, 1.0)
        }),
    ]
}

fn active_points(counted: &Counted) -> impl Iterator<Item = Point> {
    active_labels().filter_map(move |labels| {
        let counts = counted
            .shards()
            .map(|shard| shard.http.count_active(labels));
        let (started, ended) = counts.fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
        let (method, scheme) = active_label_values(labels);
        let active = started.saturating_sub(ended);
        (started > 0).then(|| {
            Point::number(active as f64)
                .with("http.request.method", method)
                .with("url.scheme", scheme)
        })
    })
}
