//! What the rounds amount to: medians, the spread, and the ratio.

use std::fmt;
use std::time::Duration;

/// One round of one gateway.
#[derive(Clone, Copy)]
pub(crate) struct Round {
    /// Requests per second.
    rate: f64,
    /// Microseconds of CPU in the gateway's process per request.
    cpu: f64,
}

/// All rounds of one gateway.
pub(crate) struct Series {
    name: &'static str,
    rounds: Vec<Round>,
}

impl Round {
    pub(crate) fn new(requests: u64, elapsed: Duration, cpu: Duration) -> Self {
        // Every connection makes at least one request in a round.
        let requests = requests as f64;
        Self {
            rate: requests / elapsed.as_secs_f64(),
            cpu: cpu.as_secs_f64() * 1e6 / requests,
        }
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>8.0} requests/s {:>7.2} µs CPU/request",
            self.rate, self.cpu
        )
    }
}

impl Series {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            rounds: Vec::new(),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn push(&mut self, round: Round) {
        self.rounds.push(round);
    }
}

/// A line for each gateway, and where there are two, the first over the second:
/// round by round, so that both shared the same moment.
pub(crate) fn table(series: &[&Series]) -> String {
    let mut out = format!("{:<14}{:>34}{:>34}\n", "", "requests/s", "µs CPU/request");
    for Series { name, rounds } in series {
        let rates = spread(rounds.iter().map(|round| round.rate).collect(), 0);
        let cpus = spread(rounds.iter().map(|round| round.cpu).collect(), 2);
        out += &format!("{name:<14}{rates:>34}{cpus:>34}\n");
    }
    if let [first, second] = series {
        let pairs = || first.rounds.iter().zip(&second.rounds);
        let rates = spread(pairs().map(|(a, b)| a.rate / b.rate).collect(), 3);
        let cpus = spread(pairs().map(|(a, b)| a.cpu / b.cpu).collect(), 3);
        out += &format!("{:<14}{rates:>34}{cpus:>34}\n", "ratio");
    }
    out
}

/// `median (least to most)`.
fn spread(mut values: Vec<f64>, digits: usize) -> String {
    values.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (values.first(), values.last()) else {
        return "-".to_owned();
    };
    let middle = values.len() / 2;
    let median = if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    };
    format!("{median:.digits$} ({least:.digits$} to {most:.digits$})")
}
