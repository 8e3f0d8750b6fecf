//! What the rounds amount to: medians, the spread, and the ratio.

use std::fmt;
use std::time::Duration;

/// One round of one gateway.
#[derive(Clone, Copy)]
pub struct Round {
    /// Requests or messages per second.
    rate: f64,
    /// Microseconds of CPU in the gateway's process for each.
    cpu: f64,
}

/// All rounds of one gateway.
pub struct Series {
    name: &'static str,
    rounds: Vec<Round>,
}

impl Round {
    /// What a round did, in the gateway's CPU time.
    pub fn new(done: u64, elapsed: Duration, cpu: Duration) -> Self {
        // A round that did nothing has failed and is not counted.
        let done = done as f64;
        Self {
            rate: done / elapsed.as_secs_f64(),
            cpu: cpu.as_secs_f64() * 1e6 / done,
        }
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>8.0} a second {:>7.2} µs CPU each",
            self.rate, self.cpu
        )
    }
}

impl Series {
    /// No rounds yet.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            rounds: Vec::new(),
        }
    }

    /// Whose rounds these are.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Adds a round.
    pub fn push(&mut self, round: Round) {
        self.rounds.push(round);
    }
}

/// A line for each gateway, and where there are two, the first over the second:
/// round by round, so that both shared the same moment.
pub fn table(unit: &str, series: &[&Series]) -> String {
    let mut out = format!(
        "{:<14}{:>34}{:>34}\n",
        "",
        format!("{unit}s/s"),
        format!("µs CPU/{unit}"),
    );
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

/// The first's CPU over the second's, the median of the rounds.
pub fn cpu_ratio(first: &Series, second: &Series) -> Option<f64> {
    let pairs = first.rounds.iter().zip(&second.rounds);
    median(&mut pairs.map(|(a, b)| a.cpu / b.cpu).collect::<Vec<_>>())
}

/// `median (least to most)`.
fn spread(mut values: Vec<f64>, digits: usize) -> String {
    let Some(median) = median(&mut values) else {
        return "-".to_owned();
    };
    let (least, most) = (values[0], values[values.len() - 1]);
    format!("{median:.digits$} ({least:.digits$} to {most:.digits$})")
}

/// Sorts the values; there is a median where there is a value.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 {
        upper
    } else {
        f64::midpoint(values[middle - 1], upper)
    })
}
