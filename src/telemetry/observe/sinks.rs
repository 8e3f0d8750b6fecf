//! Who is told of calls, and the one place where they are told: a call that begins,
//! and a call that is over. Each worker has its own.

use super::call::Call;
use super::ledger::{Ledger, Tally};
use super::operations::Operations;
use super::recorder::{Local, Shared};
use crate::telemetry::export::Sender;
use crate::telemetry::span::Record;
use std::fmt;
use std::sync::Arc;
use tonic::Code;

/// The sinks of one worker.
#[derive(Debug)]
pub(super) struct Sinks {
    spans: Option<Sender<Record>>,
    access_log: bool,
    tally: Option<Tally>,
}

impl Sinks {
    pub(super) fn new(shared: &Shared, ledger: Option<&Ledger>, operations: &Operations) -> Self {
        Self {
            spans: shared.spans.clone(),
            access_log: shared.settings.access_log,
            tally: ledger.map(|ledger| ledger.tally(operations)),
        }
    }

    /// Whether there is anybody to tell.
    pub(super) fn wanted(&self) -> bool {
        self.spans.is_some() || self.access_log || self.tally.is_some()
    }

    /// Whether calls may be recorded as spans.
    pub(super) fn spans(&self) -> bool {
        self.spans.is_some()
    }

    /// Whether each exchange is a line of the log.
    pub(super) fn access_log(&self) -> bool {
        self.access_log
    }

    /// A call begins.
    pub(super) fn began(&self, call: &mut Call) {
        if let Some(tally) = &self.tally {
            tally.began(call);
        }
    }

    /// It is known what an HTTP request is of.
    pub(super) fn placed(&self, call: &mut Call) {
        if let Some(tally) = &self.tally {
            tally.placed(call);
        }
    }

    /// A message of a call has come or gone.
    pub(super) fn progress(&self, call: &Call) {
        if let Some(tally) = &self.tally {
            tally.progress(call);
        }
    }

    /// A call ends with a status that says this.
    pub(super) fn explain(&self, call: &mut Call, message: &dyn fmt::Display) {
        let failed = call.outcome.grpc.is_some_and(|code| code != Code::Ok);
        if failed && self.tally.is_some() {
            call.error = Some(message.to_string().into_boxed_str());
        }
    }

    /// A call is over. It is told of once.
    pub(super) fn ended(local: &Arc<Local>, mut call: Call) {
        if let Some(tally) = &local.sinks.tally {
            tally.ended(&mut call);
        }
        if let (Some(spans), true) = (&local.sinks.spans, call.span.is_some()) {
            spans.send(Record::of(&local.vocabulary, call));
        }
    }
}
