//! The last lines of the log by where they came from, and how many of them were
//! errors: what `/debug/events` shows. Lines of requests are not among them.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::{self, Write as _},
    sync::{LazyLock, Mutex, PoisonError},
    time::{Instant, SystemTime},
};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// Takes the lines of the log; a layer of the process's subscriber.
#[derive(Debug, Clone, Copy, Default)]
pub struct Events;

/// The lines of one origin.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Where they came from.
    pub origin: String,
    /// How many there have been.
    pub total: u64,
    /// The last of them, oldest first.
    pub lines: VecDeque<Line>,
    /// When the last errors were, oldest first.
    pub errors: VecDeque<Instant>,
}

/// A line of the log.
#[derive(Debug, Clone)]
pub struct Line {
    /// When it was written.
    pub at: SystemTime,
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub text: String,
}

/// Lines that are kept of each origin.
const LINES: usize = 100;
/// Times of errors that are kept; a page tells them apart by age.
const ERRORS: usize = 1_000;
/// Origins are places in programs; should one make them up, it stops here.
const ORIGINS: usize = 256;
/// Longer lines are cut.
const LENGTH: usize = 500;

/// The target of the lines that requests have in the log.
const ACCESS: &str = "trestle::access";

static LOGS: LazyLock<Mutex<BTreeMap<&'static str, Log>>> = LazyLock::new(Mutex::default);

impl Events {
    /// What there is, by origin.
    pub fn logs() -> Vec<Log> {
        let logs = LOGS.lock().unwrap_or_else(PoisonError::into_inner);
        logs.values().cloned().collect()
    }
}

impl<S: Subscriber> Layer<S> for Events {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if metadata.target() == ACCESS {
            return;
        }
        let mut text = Text::default();
        event.record(&mut text);
        let line = Line {
            at: SystemTime::now(),
            level: *metadata.level(),
            text: text.finish(),
        };
        let mut logs = LOGS.lock().unwrap_or_else(PoisonError::into_inner);
        if logs.len() >= ORIGINS && !logs.contains_key(metadata.target()) {
            return;
        }
        let log = logs.entry(metadata.target()).or_default();
        if log.origin.is_empty() {
            log.origin = metadata.target().to_owned();
        }
        log.total += 1;
        if line.level == Level::ERROR {
            push(&mut log.errors, Instant::now(), ERRORS);
        }
        push(&mut log.lines, line, LINES);
    }
}

fn push<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    if list.len() == most {
        list.pop_front();
    }
    list.push_back(item);
}

/// An event as one line: its message, then its fields.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn finish(self) -> String {
        let mut text = self.message + &self.fields;
        if let Some((cut, _)) = text.char_indices().nth(LENGTH) {
            text.truncate(cut);
            text.push('…');
        }
        text
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[test]
    fn lines_are_kept_by_origin_and_errors_are_counted() {
        let subscriber = tracing_subscriber::registry().with(Events);
        tracing::subscriber::with_default(subscriber, || {
            for index in 0..150 {
                tracing::info!(target: "events_test", index, name = "a", "done");
            }
            tracing::error!(target: "events_test", "{}", "x".repeat(1_000));
        });
        let logs = Events::logs();
        let log = logs.iter().find(|log| log.origin == "events_test");
        let log = log.expect("its lines were kept");
        assert_eq!(
            (log.total, log.lines.len(), log.errors.len()),
            (151, 100, 1)
        );
        assert_eq!(log.lines[98].text, "done index=149 name=\"a\"");
        assert_eq!(log.lines[99].text.chars().count(), LENGTH + 1);
    }
}
