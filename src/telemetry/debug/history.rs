//! What an operation's counts were a minute and an hour ago, so that the last
//! minute and hour are a subtraction.

use super::latency::Counts;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// A stretch of time that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// The last minute.
    Minute,
    /// The last hour.
    Hour,
    /// Since the program began.
    Total,
}

/// Which side of a gRPC call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It was made from here.
    Sent,
    /// It was answered here.
    Received,
}

/// How the calls of a method fared, over each period.
#[derive(Debug, Clone, PartialEq)]
pub struct Rpc {
    /// `package.Service/Method`.
    pub method: String,
    /// In the last minute.
    pub minute: RpcRates,
    /// In the last hour.
    pub hour: RpcRates,
    /// Since the program began.
    pub total: RpcRates,
}

/// How calls fared over a period.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RpcRates {
    /// How many calls ended.
    pub count: u64,
    /// Their mean latency in milliseconds.
    pub latency: f64,
    /// Calls a second.
    pub rate: f64,
    /// Kilobytes received a second.
    pub input: f64,
    /// Kilobytes sent a second.
    pub output: f64,
    /// How many failed.
    pub errors: u64,
}

/// All that is counted of an operation.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Totals {
    pub(super) latency: Counts,
    pub(super) errors: u64,
    pub(super) sent: u64,
    pub(super) received: u64,
}

/// Counts of the past, kept where they changed.
#[derive(Debug, Default)]
pub(super) struct History {
    seconds: VecDeque<(Instant, Totals)>,
    minutes: VecDeque<(Instant, Totals)>,
}

/// How often the counts are looked at; how exact a period is.
const SECONDS: Duration = Duration::from_secs(2);
const MINUTES: Duration = Duration::from_secs(120);

// === impl Period ===

impl Period {
    /// How long it is; the program may be younger.
    pub(super) fn length(self) -> Duration {
        match self {
            Self::Minute => Duration::from_secs(60),
            Self::Hour => Duration::from_secs(3_600),
            Self::Total => Duration::MAX,
        }
    }
}

// === impl Totals ===

impl Totals {
    pub(super) fn count(&self) -> u64 {
        self.latency.buckets.iter().sum()
    }

    /// Adds those of another operation.
    pub(super) fn add(&mut self, other: &Self) {
        for (total, bucket) in self.latency.buckets.iter_mut().zip(other.latency.buckets) {
            *total += bucket;
        }
        self.latency.sum += other.latency.sum;
        self.latency.squares += other.latency.squares;
        self.errors += other.errors;
        self.sent += other.sent;
        self.received += other.received;
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            latency: self.latency.since(&before.latency),
            errors: self.errors.saturating_sub(before.errors),
            sent: self.sent.saturating_sub(before.sent),
            received: self.received.saturating_sub(before.received),
        }
    }

    /// What these are in `time`.
    pub(super) fn rates(&self, time: Duration) -> RpcRates {
        let (count, seconds) = (self.count(), time.as_secs_f64().max(1.0));
        let kilobytes = |bytes: u64| bytes as f64 / 1024.0 / seconds;
        RpcRates {
            count,
            latency: self.latency.sum as f64 / count.max(1) as f64 / 1e3,
            rate: count as f64 / seconds,
            input: kilobytes(self.received),
            output: kilobytes(self.sent),
            errors: self.errors,
        }
    }
}

// === impl History ===

impl History {
    /// Looks at the counts of now.
    pub(super) fn look(&mut self, now: Instant, totals: &Totals) {
        note(&mut self.seconds, now, totals, SECONDS, Period::Minute);
        note(&mut self.minutes, now, totals, MINUTES, Period::Hour);
    }

    /// What came in a period that ends now.
    pub(super) fn within(&self, period: Period, now: Instant, totals: &Totals) -> Totals {
        let past = match period {
            Period::Minute => &self.seconds,
            Period::Hour => &self.minutes,
            Period::Total => return totals.clone(),
        };
        let before = past
            .iter()
            .rfind(|(at, _)| now.duration_since(*at) >= period.length());
        match before {
            Some((_, before)) => totals.since(before),
            None => totals.clone(),
        }
    }
}

/// Keeps the counts where they changed, and of what is older than the period only
/// the last.
fn note(
    past: &mut VecDeque<(Instant, Totals)>,
    now: Instant,
    totals: &Totals,
    interval: Duration,
    period: Period,
) {
    let changed = past
        .back()
        .is_none_or(|(at, last)| now.duration_since(*at) >= interval && last != totals);
    if changed {
        past.push_back((now, totals.clone()));
    }
    while past
        .get(1)
        .is_some_and(|(at, _)| now.duration_since(*at) >= period.length())
    {
        past.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(count: u64) -> Totals {
        let mut totals = Totals {
            sent: 1024 * count,
            ..Totals::default()
        };
        totals.latency.buckets[3] = count;
        totals.latency.sum = 5_000 * count;
        totals
    }

    #[test]
    fn periods_are_what_changed_in_them() {
        let (mut history, start) = (History::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for second in (0..=600).step_by(2) {
            history.look(at(second), &totals(second));
        }
        let now = totals(600);
        let count = |period| history.within(period, at(600), &now).count();
        assert_eq!(count(Period::Minute), 60);
        // Nothing is known of an hour ago, when there was nothing.
        assert_eq!(count(Period::Hour), 600);
        assert_eq!(count(Period::Total), 600);
        assert!(history.seconds.len() <= 32, "{}", history.seconds.len());
        // An hour later nothing has come, and little is kept.
        history.look(at(4_300), &now);
        assert_eq!(history.within(Period::Minute, at(4_300), &now).count(), 0);
        assert_eq!(history.within(Period::Hour, at(4_300), &now).count(), 0);
        assert!(history.seconds.len() <= 2);
    }

    #[test]
    fn rates_are_per_second() {
        let rates = totals(120).rates(Duration::from_secs(60));
        assert_eq!((rates.count, rates.rate, rates.latency), (120, 2.0, 5.0));
        assert_eq!((rates.output, rates.input), (2.0, 0.0));
    }
}
