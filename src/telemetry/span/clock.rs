//! Moments of the steady clock as times of day. The two clocks are compared anew
//! about once a second, so that spans follow a clock that is being set right.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime};

/// How long a comparison holds.
const HOLDS: Duration = Duration::from_secs(1);

thread_local! {
    static COMPARED: Cell<Option<(Instant, SystemTime)>> = const { Cell::new(None) };
}

/// The time of day at `moment`.
pub(super) fn time_of(moment: Instant) -> SystemTime {
    let (steady, day) = compared();
    match moment.checked_duration_since(steady) {
        Some(after) => day + after,
        None => day - steady.duration_since(moment),
    }
}

fn compared() -> (Instant, SystemTime) {
    match COMPARED.get() {
        Some(compared) if compared.0.elapsed() < HOLDS => compared,
        _ => {
            let compared = compare();
            COMPARED.set(Some(compared));
            compared
        }
    }
}

/// Of a few looks at both clocks the one that was interrupted least.
fn compare() -> (Instant, SystemTime) {
    let look = || {
        let before = Instant::now();
        let day = SystemTime::now();
        (before.elapsed(), before, day)
    };
    let looks = [look(), look(), look()];
    let (_, steady, day) = looks
        .into_iter()
        .min_by_key(|look| look.0)
        .unwrap_or_else(look);
    (steady, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_keep_their_distance() {
        let now = Instant::now();
        let earlier = now - Duration::from_millis(250);
        let distance = time_of(now).duration_since(time_of(earlier));
        assert_eq!(distance.expect("in order"), Duration::from_millis(250));
        let error = SystemTime::now().duration_since(time_of(now));
        assert!(error.expect("in the past") < Duration::from_secs(5));
    }
}
