//! What is chosen for the process, and what each worker has of it.

use super::exchange::Exchange;
use super::ledger::{Counting, Ledger};
use super::operations::Operations;
use super::sinks::Sinks;
use crate::telemetry::export::Sender;
use crate::telemetry::propagation::Formats;
use crate::telemetry::sampling::{self, Sampler};
use crate::telemetry::span::{Names, Record};
use http::request::Parts;
use std::sync::{Arc, OnceLock};

/// What an operator may choose about the watching of calls.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Which calls are recorded as spans.
    pub sampling: sampling::Settings,
    /// How spans and their attributes are called.
    pub names: Names,
    /// The formats that ids must fit.
    pub formats: Formats,
    /// Whether each exchange is a line of the log.
    pub access_log: bool,
}

/// The telemetry of a process. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Telemetry {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
pub(in crate::telemetry) struct Shared {
    pub(super) settings: Settings,
    pub(super) sampler: Sampler,
    pub(super) spans: Option<Sender<Record>>,
    counting: Option<Counting>,
    /// Made when it is known what there is to count.
    ledger: OnceLock<Ledger>,
}

/// What one worker needs to watch its calls. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    /// `None` where nobody wants to know anything.
    local: Option<Arc<Local>>,
}

/// A worker's own: its count of users is not other workers'.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) vocabulary: Arc<Vocabulary>,
    pub(super) shared: Arc<Shared>,
    pub(super) sinks: Sinks,
}

/// What the indices in a call stand for, and how that is called.
#[derive(Debug)]
pub(in crate::telemetry) struct Vocabulary {
    pub(in crate::telemetry) operations: Arc<Operations>,
    pub(in crate::telemetry) names: Names,
}

impl Telemetry {
    /// Watches calls as `settings` say; finished spans go to `spans`. Without it
    /// no call is recorded, and trace context passes as it came.
    pub fn new(settings: Settings, spans: Option<Sender<Record>>) -> Self {
        Self {
            shared: Arc::new(Shared {
                sampler: Sampler::new(settings.sampling.clone()),
                settings,
                spans,
                ..Shared::default()
            }),
        }
    }

    /// The same, with calls counted, and examples of them kept for the debug pages.
    /// To be said before the first recorder is made: what that one handles is counted
    /// by name, and what others handle besides is counted without.
    pub fn counting(self, counting: Counting) -> Self {
        let Shared {
            settings,
            sampler,
            spans,
            ..
        } = &*self.shared;
        Self {
            shared: Arc::new(Shared {
                settings: settings.clone(),
                sampler: sampler.clone(),
                spans: spans.clone(),
                counting: Some(counting),
                ledger: OnceLock::new(),
            }),
        }
    }

    pub(super) fn formats(&self) -> Formats {
        self.shared.settings.formats
    }

    pub(super) fn spans(&self) -> Option<&Sender<Record>> {
        self.shared.spans.as_ref()
    }

    /// The counts, once there are recorders; none where nothing is counted.
    pub fn ledger(&self) -> Option<&Ledger> {
        self.shared.ledger.get()
    }

    /// A recorder for one worker that handles these operations.
    pub fn recorder(&self, operations: &Arc<Operations>) -> Recorder {
        let shared = &self.shared;
        let ledger = shared.counting.as_ref().map(|counting| {
            let ledger = || Ledger::new(counting, operations);
            shared.ledger.get_or_init(ledger)
        });
        let sinks = Sinks::new(shared, ledger, operations);
        let local = sinks.wanted().then(|| {
            let vocabulary = Vocabulary {
                operations: operations.clone(),
                names: self.shared.settings.names,
            };
            Arc::new(Local {
                vocabulary: Arc::new(vocabulary),
                shared: self.shared.clone(),
                sinks,
            })
        });
        Recorder { local }
    }
}

impl Recorder {
    /// What is needed to watch a call; `None` where nobody wants to know of any.
    pub(super) fn local(&self) -> Option<&Arc<Local>> {
        self.local.as_ref()
    }

    /// Begins to watch the exchange of a request whose head has just come.
    pub fn exchange(&self, head: &Parts) -> Exchange {
        match &self.local {
            Some(local) => Exchange::begin(local, head),
            None => Exchange::default(),
        }
    }
}
