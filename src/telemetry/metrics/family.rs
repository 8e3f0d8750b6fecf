//! Metrics as they are read: families of points with labels, in no format yet.

use super::histogram::Reading;
use crate::telemetry::propagation::{SpanId, TraceId};
use std::{borrow::Cow, time::SystemTime};

/// What is said of all points of a metric.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// Its name in OpenTelemetry.
    pub name: &'static str,
    /// Its name in Prometheus, with the unit and `_total`.
    pub prometheus: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The unit, as UCUM spells it.
    pub unit: &'static str,
    /// What it means.
    pub help: &'static str,
    /// Whether it comes from an instrumentation scope, which its points then name.
    /// What describes the process does not.
    pub scoped: bool,
}

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A count that only rises.
    Counter,
    /// A count that also falls.
    UpDownCounter,
    /// A reading.
    Gauge,
    /// A distribution.
    Histogram,
}

/// One time series at one moment.
#[derive(Debug, Clone)]
pub struct Point {
    /// Names as in OpenTelemetry, with dots.
    pub labels: Vec<(&'static str, String)>,
    /// What it holds.
    pub value: Value,
}

/// What a point holds.
#[derive(Debug, Clone)]
pub enum Value {
    /// Of counters and gauges.
    Number(f64),
    /// Of histograms.
    Distribution(Distribution),
}

/// Counts by bucket.
#[derive(Debug, Clone)]
pub struct Distribution {
    /// Upper bounds, inclusive and rising.
    pub bounds: Cow<'static, [f64]>,
    /// One more than bounds; not added up.
    pub counts: Vec<u64>,
    /// Of all values.
    pub sum: f64,
    /// Calls that stand for their buckets, by bucket.
    pub exemplars: Vec<(usize, Exemplar)>,
}

/// A sampled call in a bucket.
#[derive(Debug, Clone, Copy)]
pub struct Exemplar {
    /// Its value, in the unit of the histogram.
    pub value: f64,
    /// When it was.
    pub at: SystemTime,
    /// Its trace.
    pub trace: TraceId,
    /// Its span.
    pub span: SpanId,
}

/// A family and where its points come from, in portions, so that a large scrape
/// is never in memory at once.
pub struct Section {
    /// What is said of all points.
    pub family: Family,
    /// How many portions there are.
    pub portions: usize,
    /// Appends the points of a portion.
    pub fill: Fill,
}

/// Appends the points of a portion, by its number.
pub type Fill = Box<dyn Fn(usize, &mut Vec<Point>) + Send>;

impl Section {
    /// A family whose points are at hand.
    pub fn of(family: Family, points: Vec<Point>) -> Self {
        Self {
            family,
            portions: 1,
            fill: Box::new(move |_, into| into.extend(points.iter().cloned())),
        }
    }
}

impl Point {
    /// A number without labels.
    pub fn number(value: f64) -> Self {
        Self {
            labels: Vec::new(),
            value: Value::Number(value),
        }
    }

    /// The same with one more label.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.labels.push((name, value.into()));
        self
    }
}

impl Distribution {
    /// A reading in a unit of `divisor`, with the bounds that were prepared for it.
    /// Bounds that are missing at the front have their counts in the next bucket.
    /// Nothing, if there is nothing to show.
    pub(super) fn of<const N: usize>(
        reading: &Reading<N>,
        bounds: &'static [f64],
        divisor: f64,
    ) -> Option<Self> {
        if reading.is_empty() {
            return None;
        }
        let skip = N - 1 - bounds.len();
        let mut counts = reading.buckets[skip..].to_vec();
        counts[0] += reading.buckets[..skip].iter().sum::<u64>();
        let exemplars = reading.exemplars.iter().map(|exemplar| {
            let shown = Exemplar {
                value: exemplar.value as f64 / divisor,
                at: exemplar.at,
                trace: exemplar.call.trace,
                span: exemplar.call.span,
            };
            (exemplar.bucket.saturating_sub(skip), shown)
        });
        Some(Self {
            bounds: Cow::Borrowed(bounds),
            counts,
            sum: reading.sum as f64 / divisor,
            exemplars: exemplars.collect(),
        })
    }
}
