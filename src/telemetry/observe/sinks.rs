//! Who is told of calls, and the one place where they are told: a call that begins,
//! and a call that is over. Each worker has its own.

use super::call::Call;
use super::recorder::{Local, Shared};
use crate::telemetry::export::Sender;
use crate::telemetry::span::Record;
use std::sync::Arc;

/// The sinks of one worker.
#[derive(Debug)]
pub(super) struct Sinks {
    spans: Option<Sender<Record>>,
    access_log: bool,
}

impl Sinks {
    pub(super) fn new(shared: &Shared) -> Self {
        Self {
            spans: shared.spans.clone(),
            access_log: shared.settings.access_log,
        }
    }

    /// Whether there is anybody to tell.
    pub(super) fn wanted(&self) -> bool {
        self.spans.is_some() || self.access_log
    }

    /// Whether calls may be recorded as spans.
    pub(super) fn spans(&self) -> bool {
        self.spans.is_some()
    }

    /// A call begins.
    pub(super) fn began(&self, _call: &Call) {}

    /// A call is over. It is told of once.
    pub(super) fn ended(local: &Arc<Local>, call: Call) {
        if let (Some(spans), true) = (&local.sinks.spans, call.span.is_some()) {
            spans.send(Record::of(&local.vocabulary, call));
        }
    }
}
