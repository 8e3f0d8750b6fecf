//! The program's log: how it looks and what is in it. A library must not choose
//! that for its host, so nothing but `cli` calls this.

use super::{debug::Events, traced::Traced};
use std::{
    io::{self, IsTerminal as _},
    str::FromStr,
};
use tracing_subscriber::{
    EnvFilter, filter::ParseError, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// What the log is like.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How a line looks.
    pub format: Format,
    /// What is logged.
    pub level: Level,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged: `info`, or directives such as `info,trestle=debug`, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level(String);

/// Sends the log to stderr, and the last of it to the debug pages. Does nothing when
/// a subscriber is set already.
pub fn init(settings: &Settings) {
    let log = tracing_subscriber::fmt()
        .with_env_filter(settings.level.filter())
        .with_writer(io::stderr);
    // It only fails when the host has a subscriber, which is then the one to use.
    let _ = if settings.format.is_json() {
        let log = log.json().flatten_event(true);
        let log = log.map_event_format(|inner| Traced { inner, json: true });
        log.finish().with(Events).try_init()
    } else {
        let log = log.with_ansi(io::stderr().is_terminal());
        let log = log.map_event_format(|inner| Traced { inner, json: false });
        log.finish().with(Events).try_init()
    };
}

// === impl Settings ===

impl Default for Settings {
    fn default() -> Self {
        Self {
            format: Format::default(),
            level: Level("info".to_owned()),
        }
    }
}

// === impl Format ===

impl Format {
    /// Whether lines are JSON, given where stderr goes.
    pub fn is_json(self) -> bool {
        match self {
            Format::Auto => !io::stderr().is_terminal(),
            Format::Text => false,
            Format::Json => true,
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Format::Auto),
            "text" => Ok(Format::Text),
            "json" => Ok(Format::Json),
            _ => Err(format!("`{text}` is not one of auto, text, json")),
        }
    }
}

// === impl Level ===

impl Level {
    /// The transport's own events are of use to those who ask for them only: a
    /// directive of the operator's that names a target replaces the one here.
    fn directives(text: &str) -> String {
        format!("h2=warn,hyper=warn,hyper_util=warn,tower=warn,tonic=warn,{text}")
    }

    fn filter(&self) -> EnvFilter {
        EnvFilter::new(Self::directives(&self.0))
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let explain = |error: ParseError| {
            format!(
                "`{text}` is no log level: {error}; write off, error, warn, info, debug or trace, or directives such as `info,trestle=debug`"
            )
        };
        if text.trim().is_empty() {
            return Err(
                "a log level is empty; write off, error, warn, info, debug or trace".to_owned(),
            );
        }
        EnvFilter::try_new(Self::directives(text)).map_err(explain)?;
        Ok(Level(text.to_owned()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_transport_is_quiet_unless_asked() {
        let quiet: Level = "debug".parse().unwrap();
        let text = quiet.filter().to_string();
        assert!(text.contains("h2=warn") && text.contains("debug"), "{text}");
        let asked: Level = "info,h2=trace".parse().unwrap();
        let text = asked.filter().to_string();
        assert!(
            text.contains("h2=trace") && !text.contains("h2=warn"),
            "{text}"
        );
    }

    #[test]
    fn nonsense_is_refused() {
        assert!("".parse::<Level>().is_err());
        assert!(
            "trestle=loud"
                .parse::<Level>()
                .unwrap_err()
                .contains("trestle=loud")
        );
        assert!("xml".parse::<Format>().is_err());
    }
}
