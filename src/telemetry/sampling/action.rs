//! What becomes of a call that meets a rule.

use crate::telemetry::propagation::TraceId;
use std::fmt;
use std::str::FromStr;

/// What becomes of a call that meets a rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// Not recorded, and of no interest.
    Drop,
    /// Not recorded.
    Never,
    /// Recorded.
    Always,
    /// As the caller decided; recorded where it has not.
    Parent,
    /// A share of traces.
    Ratio(Ratio),
    /// So many a second, and a share of the rest.
    Rate {
        /// How many.
        per_second: u32,
        /// The share.
        then: Ratio,
    },
}

/// A share of traces, as the threshold that a trace id's last 56 bits must reach.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    threshold: u64,
}

/// A text that is no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no way to sample; write drop, never, always, parent, a share such as `0.1`, \
     a rate such as `10/s`, or both as `10/s then 0.1`"
)]
pub struct UnknownAction(String);

/// One above the greatest number of 56 bits.
const ALL: u64 = 1 << 56;

impl Action {
    pub(super) fn per_second(self) -> u32 {
        match self {
            Self::Rate { per_second, .. } => per_second,
            _ => 0,
        }
    }
}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        let unknown = || UnknownAction(text.to_owned());
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let rate = |rate: &str| rate.strip_suffix("/s")?.parse::<u32>().ok();
        let ratio = |ratio: &str| ratio.parse::<Ratio>().ok();
        match words[..] {
            ["drop"] => Ok(Self::Drop),
            ["never"] => Ok(Self::Never),
            ["always"] => Ok(Self::Always),
            ["parent"] => Ok(Self::Parent),
            [word] if word.ends_with("/s") => Ok(Self::Rate {
                per_second: rate(word).ok_or_else(unknown)?,
                then: Ratio::new(0.0).ok_or_else(unknown)?,
            }),
            [word] => ratio(word).map(Self::Ratio).ok_or_else(unknown),
            [first, "then", second] => Ok(Self::Rate {
                per_second: rate(first).ok_or_else(unknown)?,
                then: ratio(second).ok_or_else(unknown)?,
            }),
            _ => Err(unknown()),
        }
    }
}

impl Ratio {
    /// A share from 0 to 1.
    pub fn new(share: f64) -> Option<Self> {
        // Both ends are exact, and what lies between rounds to 56 bits.
        (0.0..=1.0).contains(&share).then(|| Self {
            threshold: ((1.0 - share) * ALL as f64).round() as u64,
        })
    }

    /// Whether a trace is in this share: by its id alone, so that everyone who asks
    /// gets the same answer.
    pub fn takes(self, trace_id: TraceId) -> bool {
        let [.., a, b, c, d, e, f, g] = trace_id.to_bytes();
        u64::from_be_bytes([0, a, b, c, d, e, f, g]) >= self.threshold
    }
}

impl FromStr for Ratio {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        let share = text.parse().ok().and_then(Self::new);
        share.ok_or_else(|| UnknownAction(text.to_owned()))
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Ratio({})", 1.0 - self.threshold as f64 / ALL as f64)
    }
}
