//! The way to one backend: a connection kept and replaced when it ends, with
//! back-off between failed attempts. One channel serves one worker; balancing
//! over several endpoints would stand above it and hold several.
//!
//! ```text
//! Idle ──call──▶ Connecting ──ok──▶ Ready ──ended──▶ Idle
//!   ▲                │failed                  (backs off if it never answered)
//!   └───backs off────┘
//! ```

use super::Failure;
use super::connection::Connection;
use super::endpoint::Endpoint;
use super::settings::Settings;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// A channel to one endpoint; clones share its connection.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    endpoint: Endpoint,
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Idle(Backoff),
    /// The receiver ends when the attempt has ended, however it did.
    Connecting(Backoff, watch::Receiver<()>),
    Ready(Backoff, Connection),
}

/// Failed attempts in a row, and when the next may be made.
#[derive(Debug, Clone, Default)]
struct Backoff {
    failures: u32,
    until: Option<Instant>,
    reason: String,
}

enum Step {
    Take(Connection),
    Wait(watch::Receiver<()>),
}

impl Channel {
    pub(super) fn new(endpoint: Endpoint, settings: Settings) -> Self {
        Self {
            inner: Arc::new(Inner {
                endpoint,
                settings,
                state: Mutex::new(State::Idle(Backoff::default())),
            }),
        }
    }

    /// The same endpoint with a connection of its own.
    pub(super) fn separate(&self) -> Self {
        Self::new(self.inner.endpoint.clone(), self.inner.settings.clone())
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// How many calls are under way on it.
    pub(super) fn running(&self) -> usize {
        match &*self.inner.lock() {
            State::Ready(_, connection) => connection.shared.running(),
            State::Idle(_) | State::Connecting(..) => 0,
        }
    }

    /// A connection that takes calls. Waits for an attempt under way, starts one
    /// where there is none, and fails at once between attempts.
    pub(super) async fn connection(&self) -> Result<Connection, Failure> {
        let mut waited = false;
        loop {
            match self.step(waited)? {
                Step::Take(connection) => return Ok(connection),
                Step::Wait(mut attempt) => {
                    // An error is the attempt's end: nothing is ever sent.
                    let _ = attempt.changed().await;
                    waited = true;
                }
            }
        }
    }

    /// Takes a connection out of use: it announced its end, or broke.
    pub(super) fn retire(&self, connection: &Connection) {
        let mut state = self.inner.lock();
        if let State::Ready(backoff, current) = &*state
            && Arc::ptr_eq(&current.shared, &connection.shared)
        {
            let next = backoff.after_connection(current, &self.inner.settings);
            *state = State::Idle(next);
        }
    }

    fn step(&self, waited: bool) -> Result<Step, Failure> {
        let mut state = self.inner.lock();
        match &*state {
            State::Ready(_, connection) if !connection.shared.is_closed() => {
                return Ok(Step::Take(connection.clone()));
            }
            State::Connecting(_, attempt) if attempt.has_changed().is_ok() => {
                return Ok(Step::Wait(attempt.clone()));
            }
            _ => {}
        }
        let backoff = match &*state {
            State::Ready(backoff, connection) => {
                backoff.after_connection(connection, &self.inner.settings)
            }
            State::Idle(backoff) | State::Connecting(backoff, _) => backoff.clone(),
        };
        // Whoever waited for an attempt that failed takes its failure; only a
        // newcomer starts the next one.
        let failed = waited && backoff.failures > 0;
        if failed || backoff.until.is_some_and(|until| Instant::now() < until) {
            let reason = backoff.reason.clone();
            *state = State::Idle(backoff);
            return Err(Failure::Unreachable(reason));
        }
        let (ended, attempt) = watch::channel(());
        *state = State::Connecting(backoff, attempt.clone());
        drop(state);
        // A task of its own, so that a caller that leaves does not take the
        // attempt with it.
        tokio::spawn(self.inner.clone().connect(ended));
        Ok(Step::Wait(attempt))
    }
}

impl Inner {
    /// No code panics while it holds the lock, so a poisoned one is still sound.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(self: Arc<Self>, ended: watch::Sender<()>) {
        let opened = Connection::open(&self.endpoint, &self.settings).await;
        let mut state = self.lock();
        let backoff = match &*state {
            State::Idle(backoff) | State::Connecting(backoff, _) | State::Ready(backoff, _) => {
                backoff
            }
        };
        *state = match opened {
            Ok(connection) => State::Ready(backoff.clone(), connection),
            Err(error) => {
                let next = backoff.after_failure(error.to_string(), &self.settings);
                tracing::warn!(backend = %self.endpoint.authority, %error, failures = next.failures, "cannot connect to the backend");
                State::Idle(next)
            }
        };
        drop(state);
        drop(ended);
    }
}

impl Backoff {
    /// A connection that answered at least once clears the record; one that was
    /// accepted and dropped counts as a failed attempt.
    fn after_connection(&self, connection: &Connection, settings: &Settings) -> Self {
        if connection.shared.is_proven() {
            Self::default()
        } else {
            self.after_failure(
                "the backend accepted a connection and closed it without an answer".to_owned(),
                settings,
            )
        }
    }

    fn after_failure(&self, reason: String, settings: &Settings) -> Self {
        let exponent = i32::try_from(self.failures.min(32)).unwrap_or(32);
        let pause = settings.backoff_min.as_secs_f64() * 1.6_f64.powi(exponent);
        let pause = pause.min(settings.backoff_max.as_secs_f64()) * jitter();
        Self {
            failures: self.failures.saturating_add(1),
            until: Some(Instant::now() + Duration::from_secs_f64(pause)),
            reason,
        }
    }
}

/// A factor in 0.8..1.2, so that gateways which lost the same backend do not all
/// return at once.
fn jitter() -> f64 {
    use std::hash::{BuildHasher as _, RandomState};
    let random = RandomState::new().hash_one(0_u8) >> 11;
    0.8 + 0.4 * (random as f64 / (1_u64 << 53) as f64)
}
