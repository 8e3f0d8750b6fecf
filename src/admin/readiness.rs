//! What readiness is made of: a flag that a drain takes down, and a probe of the
//! backend that is bounded in time and not asked too often.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

/// How long a probe may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long an answer is good for, so that probes do not load the backend.
const FRESH: Duration = Duration::from_secs(1);

/// Whether requests are wanted. Clones are the same flag; it starts up and can
/// only be withdrawn.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

type Answer = Result<(), String>;
type Ask = dyn Fn() -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync;

/// A question to the backend: is it well, and if not, why.
pub struct Probe {
    ask: Box<Ask>,
    last: Mutex<Option<(Instant, Answer)>>,
}

impl Readiness {
    /// No more requests are wanted.
    pub fn withdraw(&self) {
        self.0.store(true, Relaxed);
    }

    /// Whether it was withdrawn.
    pub fn is_withdrawn(&self) -> bool {
        self.0.load(Relaxed)
    }
}

impl Probe {
    /// A probe that asks by calling `ask`.
    pub fn new<F>(ask: F) -> Self
    where
        F: Fn() -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync + 'static,
    {
        Self {
            ask: Box::new(ask),
            last: Mutex::new(None),
        }
    }

    /// The answer, from memory when it is fresh. Askers at the same time share
    /// one question.
    pub(super) async fn check(&self) -> Answer {
        let mut last = self.last.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < FRESH
        {
            return answer.clone();
        }
        let late = || format!("the backend did not answer a health check within {PATIENCE:?}");
        let answer = timeout(PATIENCE, (self.ask)())
            .await
            .unwrap_or_else(|_| Err(late()));
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}
