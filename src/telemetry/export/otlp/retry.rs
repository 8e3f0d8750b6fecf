//! Trying again: which refusals are worth it, how long to wait, and when to stop.

use std::{
    future::Future,
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout_at};

const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Why a receiver did not take a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// What happened.
    pub reason: String,
    pub(super) again: Again,
}

/// Whether the same message may be taken later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Never,
    Later,
    /// Not before this time is over: the receiver said so.
    After(Duration),
}

impl Refusal {
    pub(super) fn new(again: Again, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { reason, again }
    }
}

/// The time that one message has, with all its attempts.
pub(super) struct Patience {
    time: Duration,
    end: Instant,
    wait: Duration,
    /// Of several failures the last tells more than the time's end.
    last: Option<Refusal>,
}

impl Patience {
    pub(super) fn new(time: Duration) -> Self {
        Self {
            time,
            end: Instant::now() + time,
            wait: FIRST_WAIT,
            last: None,
        }
    }

    /// One attempt, as far as there is time for it.
    pub(super) async fn attempt<T>(
        &mut self,
        work: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        match timeout_at(self.end, work).await {
            Ok(result) => result,
            Err(_) => Err(self.last.take().map_or_else(
                || Refusal::new(Again::Never, format!("no answer within {:?}", self.time)),
                |last| Refusal::new(Again::Never, last.reason),
            )),
        }
    }

    /// Waits until the next attempt may be made; gives the refusal back where
    /// there will be none.
    pub(super) async fn again(&mut self, refusal: Refusal) -> Result<(), Refusal> {
        let pause = match refusal.again {
            Again::Never => return Err(refusal),
            Again::Later => self.wait.mul_f64(0.5 + fraction()),
            Again::After(told) => told.max(self.wait),
        };
        let next = Instant::now().checked_add(pause);
        if next.is_none_or(|next| next >= self.end) {
            return Err(refusal);
        }
        self.last = Some(refusal);
        sleep(pause).await;
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        Ok(())
    }
}

/// Between 0 and 1, so that many senders do not come back at one moment.
fn fraction() -> f64 {
    let random = RandomState::new().hash_one(0_u8) >> 11;
    random as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn later() -> Refusal {
        Refusal::new(Again::Later, "busy")
    }

    #[tokio::test(start_paused = true)]
    async fn it_waits_longer_each_time_and_ends_in_its_time_with_the_reason() {
        let start = Instant::now();
        let mut patience = Patience::new(Duration::from_secs(4));
        let mut waits = Vec::new();
        loop {
            let before = Instant::now();
            match patience.again(later()).await {
                Ok(()) => waits.push(before.elapsed()),
                Err(refusal) => break assert_eq!(refusal, later()),
            }
        }
        assert!(start.elapsed() <= Duration::from_secs(4));
        assert!(waits.len() >= 3, "{waits:?}");
        for (wait, usual) in waits.iter().zip([200, 400, 800, 1600]) {
            let usual = Duration::from_millis(usual);
            let most = usual * 3 / 2 + Duration::from_millis(2);
            assert!(*wait >= usual / 2 && *wait <= most, "{waits:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_receiver_is_left_in_time() {
        let start = Instant::now();
        let mut patience = Patience::new(Duration::from_secs(3));
        let hanging = std::future::pending::<Result<(), _>>();
        let refusal = patience.attempt(hanging).await.unwrap_err();
        assert_eq!(refusal.reason, "no answer within 3s");
        assert_eq!(start.elapsed(), Duration::from_secs(3));
        assert!(patience.again(refusal).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_receivers_own_time_is_waited_for_or_not_at_all() {
        let after = |time| Refusal::new(Again::After(time), "busy");
        let start = Instant::now();
        let mut patience = Patience::new(Duration::from_secs(10));
        assert_eq!(patience.again(after(Duration::from_secs(4))).await, Ok(()));
        assert!(start.elapsed() >= Duration::from_secs(4));
        let waited = start.elapsed();
        for long in [Duration::from_secs(60), Duration::MAX] {
            assert_eq!(patience.again(after(long)).await, Err(after(long)));
        }
        assert_eq!(start.elapsed(), waited);
    }
}
