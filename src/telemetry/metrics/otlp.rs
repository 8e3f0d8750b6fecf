//! Metrics as messages of OTLP, cumulative since counting began.

use super::{
    family::{Distribution, Exemplar, Family, Kind, Point, Section, Value},
    registry::Registry,
};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    metrics::v1::{
        self as proto, AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric,
        NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, exemplar, metric, number_data_point,
    },
    resource::v1::Resource,
};
use std::time::{SystemTime, UNIX_EPOCH};

/// Points in a message; receivers take 4 MiB, and a histogram is below 2 KiB.
const MOST_POINTS: usize = 1_000;

/// Everything that the registry counts, in messages that a receiver takes.
pub(super) fn requests(registry: &Registry) -> impl Iterator<Item = ExportMetricsServiceRequest> {
    let times = Times {
        start: nanos(registry.started()),
        now: nanos(SystemTime::now()),
    };
    let resource = Resource {
        attributes: attributes(registry.resource().iter().cloned()),
        ..Resource::default()
    };
    let mut parts = registry
        .sections()
        .into_iter()
        .flat_map(portions)
        .peekable();
    std::iter::from_fn(move || {
        parts.peek()?;
        let mut metrics: Vec<Metric> = Vec::new();
        let mut count = 0;
        while count < MOST_POINTS
            && let Some((family, points)) = parts.next()
        {
            count += points.len();
            let points = points.into_iter();
            match metrics.last_mut().filter(|last| last.name == family.name) {
                Some(last) => append(last, points, times),
                None => {
                    let mut metric = empty(&family);
                    append(&mut metric, points, times);
                    metrics.push(metric);
                }
            }
        }
        Some(request(resource.clone(), metrics))
    })
}

/// What is read of a section at a time.
fn portions(section: Section) -> impl Iterator<Item = (Family, Vec<Point>)> {
    (0..section.portions).filter_map(move |portion| {
        let mut points = Vec::new();
        (section.fill)(portion, &mut points);
        (!points.is_empty()).then_some((section.family, points))
    })
}

#[derive(Debug, Clone, Copy)]
struct Times {
    start: u64,
    now: u64,
}

fn request(resource: Resource, metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    let scope = InstrumentationScope {
        name: "trestle".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    let metrics = ScopeMetrics {
        scope: Some(scope),
        metrics,
        ..ScopeMetrics::default()
    };
    let metrics = ResourceMetrics {
        resource: Some(resource),
        scope_metrics: vec![metrics],
        ..ResourceMetrics::default()
    };
    ExportMetricsServiceRequest {
        resource_metrics: vec![metrics],
    }
}

fn empty(family: &Family) -> Metric {
    let sum = |is_monotonic| {
        metric::Data::Sum(Sum {
            data_points: Vec::new(),
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
            is_monotonic,
        })
    };
    let data = match family.kind {
        Kind::Counter => sum(true),
        Kind::UpDownCounter => sum(false),
        Kind::Gauge => metric::Data::Gauge(Gauge::default()),
        Kind::Histogram => metric::Data::Histogram(Histogram {
            data_points: Vec::new(),
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
        }),
    };
    Metric {
        name: family.name.to_owned(),
        description: family.help.to_owned(),
        unit: family.unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn append(metric: &mut Metric, points: impl Iterator<Item = Point>, times: Times) {
    for Point { labels, value } in points {
        let labels = attributes(labels);
        match (&mut metric.data, value) {
            (Some(metric::Data::Sum(sum)), Value::Number(value)) => {
                sum.data_points.push(number(labels, value, times));
            }
            (Some(metric::Data::Gauge(gauge)), Value::Number(value)) => {
                gauge.data_points.push(number(labels, value, times));
            }
            (Some(metric::Data::Histogram(histogram)), Value::Distribution(distribution)) => {
                let point = histogram_point(labels, distribution, times);
                histogram.data_points.push(point);
            }
            // A family's points are all of its kind.
            _ => {}
        }
    }
}

fn number(attributes: Vec<KeyValue>, value: f64, times: Times) -> NumberDataPoint {
    // What counts things is an integer to those who read it.
    let value = if value.fract() == 0.0 && value.abs() < 9e15 {
        number_data_point::Value::AsInt(value as i64)
    } else {
        number_data_point::Value::AsDouble(value)
    };
    NumberDataPoint {
        attributes,
        start_time_unix_nano: times.start,
        time_unix_nano: times.now,
        value: Some(value),
        ..NumberDataPoint::default()
    }
}

fn histogram_point(
    attributes: Vec<KeyValue>,
    distribution: Distribution,
    times: Times,
) -> HistogramDataPoint {
    let Distribution {
        bounds,
        counts,
        sum,
        exemplars,
    } = distribution;
    HistogramDataPoint {
        attributes,
        start_time_unix_nano: times.start,
        time_unix_nano: times.now,
        count: counts.iter().sum(),
        sum: Some(sum),
        bucket_counts: counts,
        explicit_bounds: bounds.into_owned(),
        exemplars: exemplars
            .iter()
            .map(|(_, exemplar)| proto_exemplar(exemplar))
            .collect(),
        ..HistogramDataPoint::default()
    }
}

fn proto_exemplar(exemplar: &Exemplar) -> proto::Exemplar {
    proto::Exemplar {
        time_unix_nano: nanos(exemplar.at),
        trace_id: exemplar.trace.to_bytes().into(),
        span_id: exemplar.span.to_bytes().into(),
        value: Some(exemplar::Value::AsDouble(exemplar.value)),
        ..proto::Exemplar::default()
    }
}

fn attributes<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Vec<KeyValue>
where
    K: Into<String>,
    V: Into<String>,
{
    let attribute = |(key, value): (K, V)| KeyValue {
        key: key.into(),
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue(value.into())),
        }),
        ..KeyValue::default()
    };
    pairs.into_iter().map(attribute).collect()
}

fn nanos(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Call, Catalog, Sampled, Settings};
    use super::*;
    use crate::telemetry::propagation::{SpanId, TraceId};
    use std::time::{Duration, Instant};
    use tonic::Code;

    fn metrics(registry: &Registry) -> Vec<Metric> {
        let scopes = requests(registry).flat_map(|mut request| {
            let mut metrics = request.resource_metrics.remove(0);
            assert_eq!(metrics.resource.unwrap().attributes[0].key, "service.name");
            metrics.scope_metrics.remove(0).metrics
        });
        scopes.collect()
    }

    #[test]
    fn calls_are_cumulative_points() {
        let catalog = Catalog::new(["a.B/C"], [""; 0], "t");
        let resource = vec![("service.name".to_owned(), "s".to_owned())];
        let registry = Registry::new(catalog, Settings::default(), resource);
        let shard = registry.shard();
        let (trace, span) = (TraceId::random(), SpanId::random());
        let call = Call {
            method: shard.catalog().method("a.B/C"),
            code: Code::Ok,
            ended: Instant::now(),
            duration: Duration::from_millis(2),
            sent: 1,
            received: 2,
            sampled: Some(Sampled { trace, span }),
        };
        shard.served_call_started(call.method);
        shard.served_call_ended(&call);
        let metrics = metrics(&registry);
        let find = |name: &str| metrics.iter().find(|metric| metric.name == name).unwrap();
        let metric::Data::Sum(started) = find("grpc.server.call.started").data.clone().unwrap()
        else {
            panic!("a counter is a sum");
        };
        assert!(started.is_monotonic);
        assert_eq!(
            started.aggregation_temporality(),
            AggregationTemporality::Cumulative
        );
        let one = number_data_point::Value::AsInt(1);
        assert_eq!(started.data_points[0].value, Some(one));
        let duration = find("grpc.server.call.duration");
        assert_eq!(duration.unit, "s");
        let metric::Data::Histogram(durations) = duration.data.clone().unwrap() else {
            panic!("a histogram is one");
        };
        let point = &durations.data_points[0];
        assert_eq!((point.count, point.sum), (1, Some(0.002)));
        assert_eq!(
            (point.explicit_bounds.len(), point.bucket_counts.len()),
            (41, 42)
        );
        assert_eq!(point.bucket_counts[8], 1);
        assert_eq!(point.exemplars[0].trace_id, trace.to_bytes());
        let labels: Vec<_> = point
            .attributes
            .iter()
            .map(|label| label.key.as_str())
            .collect();
        assert_eq!(labels, ["grpc.method", "grpc.status"]);
        assert!(point.start_time_unix_nano <= point.time_unix_nano);
    }

    #[test]
    fn many_points_come_in_several_messages() {
        let names: Vec<_> = (0..3_000).map(|index| format!("a.B/C{index}")).collect();
        let catalog = Catalog::new(names.iter().map(String::as_str), [""; 0], "t");
        let resource = vec![("service.name".to_owned(), "s".to_owned())];
        let registry = Registry::new(catalog, Settings::default(), resource);
        let shard = registry.shard();
        for name in &names {
            shard.served_call_started(shard.catalog().method(name));
        }
        let points = |metric: &Metric| match &metric.data {
            Some(metric::Data::Sum(sum)) if metric.name == "grpc.server.call.started" => {
                sum.data_points.len()
            }
            _ => 0,
        };
        assert!(requests(&registry).count() >= 3);
        assert_eq!(metrics(&registry).iter().map(points).sum::<usize>(), 3_000);
    }
}
