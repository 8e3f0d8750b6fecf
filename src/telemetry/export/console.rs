//! Spans for people: each trace as a tree on stderr, with times and a chart.
//!
//! ```text
//! trace 4bf92f3577b34da6a3ce929d0e0e4736  shop  12.40 ms
//!   POST /v1/capitalize       server    ████████████████████    12.40 ms  200
//!   └ rpc.Fetch/Capitalize    client     █████████████████      10.20 ms  OK
//!     └ rpc.Fetch/Capitalize  server       █████████████         8.10 ms  OK
//!         · +0.02 ms  Data in  len=5
//! ```

use super::{Destination, Exporting, Loss};
use opentelemetry::{
    Key, KeyValue,
    trace::{SpanId, SpanKind, Status, TraceId},
};
use opentelemetry_sdk::{Resource, trace::SpanData};
use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
    time::{Duration, SystemTime},
};

/// Spans of one trace end at about one time, and are shown together.
const DELAY: Duration = Duration::from_millis(300);
const CHART: usize = 20;

#[derive(Debug)]
pub(super) struct Console {
    service: String,
    colour: bool,
}

impl Console {
    pub(super) fn new(resource: &Resource) -> Self {
        let service = resource.get_ref(&Key::from_static_str("service.name"));
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            service: service
                .map(|name| plain(&name.as_str()))
                .unwrap_or_default(),
            colour: io::stderr().is_terminal() && !unwanted,
        }
    }
}

impl Destination for Console {
    fn name(&self) -> &'static str {
        "console"
    }

    fn delay(&self) -> Option<Duration> {
        Some(DELAY)
    }

    fn export(&mut self, batch: Vec<SpanData>) -> Exporting<'_> {
        let text = traces(&batch, &self.service, self.colour);
        let written = io::stderr().lock().write_all(text.as_bytes());
        let result = written.map_err(|error| Loss::new(batch.len(), format!("stderr: {error}")));
        Box::pin(std::future::ready(result))
    }
}

/// The trees of all traces in `spans`, in the order of their first spans.
fn traces(spans: &[SpanData], service: &str, colour: bool) -> String {
    let mut by_trace: Vec<(TraceId, Vec<&SpanData>)> = Vec::new();
    let mut places = HashMap::new();
    for span in spans {
        let id = span.span_context.trace_id();
        let place = *places.entry(id).or_insert_with(|| {
            by_trace.push((id, Vec::new()));
            by_trace.len() - 1
        });
        by_trace[place].1.push(span);
    }
    let mut text = String::new();
    for (id, mut spans) in by_trace {
        spans.sort_by_key(|span| span.start_time);
        Tree::new(&spans, colour).write(id, service, &mut text);
    }
    text
}

/// One trace, as far as it is known.
struct Tree<'a> {
    spans: &'a [&'a SpanData],
    children: HashMap<SpanId, Vec<&'a SpanData>>,
    start: SystemTime,
    length: Duration,
    /// How wide the names are, with what stands before them.
    width: usize,
    colour: bool,
}

impl<'a> Tree<'a> {
    fn new(spans: &'a [&'a SpanData], colour: bool) -> Self {
        let start = spans.iter().map(|span| span.start_time).min();
        let start = start.unwrap_or(SystemTime::UNIX_EPOCH);
        let end = spans.iter().map(|span| span.end_time).max();
        let mut children: HashMap<_, Vec<_>> = HashMap::new();
        for span in spans {
            children.entry(span.parent_span_id).or_default().push(*span);
        }
        let mut tree = Self {
            spans,
            children,
            start,
            length: since(start, end.unwrap_or(start)),
            width: 0,
            colour,
        };
        let widths = tree.lines().into_iter();
        let widths =
            widths.map(|(depth, span)| lead(depth).chars().count() + span.name.chars().count());
        tree.width = widths.max().unwrap_or(0);
        tree
    }

    /// Every span with its depth, parents before children. Whoever's parent is not
    /// here stands at the top.
    fn lines(&self) -> Vec<(usize, &'a SpanData)> {
        let known = |id| {
            self.spans
                .iter()
                .any(|span| span.span_context.span_id() == id)
        };
        let tops = self.spans.iter().filter(|span| !known(span.parent_span_id));
        let mut next: Vec<_> = tops.rev().map(|span| (0, *span)).collect();
        let mut lines = Vec::new();
        // Spans that are each other's parents are at no top, and not shown.
        while let Some((depth, span)) = next.pop() {
            lines.push((depth, span));
            let children = self.children.get(&span.span_context.span_id());
            next.extend(
                children
                    .into_iter()
                    .flatten()
                    .rev()
                    .map(|child| (depth + 1, *child)),
            );
        }
        lines
    }

    fn write(&self, id: TraceId, service: &str, out: &mut String) {
        let title = self.painted("1", &format!("trace {id}"));
        let _ = writeln!(out, "{title}  {service}  {}", shown(self.length));
        for (depth, span) in self.lines() {
            self.write_span(depth, span, out);
        }
    }

    fn write_span(&self, depth: usize, span: &SpanData, out: &mut String) {
        let name = format!("{}{}", lead(depth), plain(&span.name));
        let kind = match span.span_kind {
            SpanKind::Client => "client",
            SpanKind::Server => "server",
            SpanKind::Producer => "producer",
            SpanKind::Consumer => "consumer",
            SpanKind::Internal => "internal",
        };
        let length = shown(since(span.start_time, span.end_time));
        let status = self.status(span);
        let line = format!(
            "  {name:width$}  {kind:8}  {}  {length:>10}  {status}",
            self.painted("36", &self.bar(span)),
            width = self.width,
        );
        let _ = writeln!(out, "{}", line.trim_end());
        for event in span.events.iter() {
            let at = shown(since(span.start_time, event.timestamp));
            let text = format!(
                "· +{at}  {}{}",
                plain(&event.name),
                pairs(&event.attributes)
            );
            let indent = "  ".repeat(depth + 2);
            let _ = writeln!(out, "{indent}{}", self.painted("2", &text));
        }
    }

    fn status(&self, span: &SpanData) -> String {
        let code = ["http.response.status_code", "rpc.response.status_code"]
            .into_iter()
            .find_map(|key| {
                let pair = span
                    .attributes
                    .iter()
                    .find(|pair| pair.key.as_str() == key)?;
                Some(pair.value.to_string())
            });
        let code = code.unwrap_or_default();
        match &span.status {
            Status::Error { description } => {
                let text = format!("{} {}", plain(&code), plain(description));
                let text = text.trim();
                self.painted("31", if text.is_empty() { "error" } else { text })
            }
            _ => plain(&code),
        }
    }

    /// Where in the trace's time the span lies.
    fn bar(&self, span: &SpanData) -> String {
        let whole = self.length.as_secs_f64().max(f64::MIN_POSITIVE);
        let place = |time| since(self.start, time).as_secs_f64() / whole * CHART as f64;
        let from = (place(span.start_time).floor() as usize).min(CHART - 1);
        let to = (place(span.end_time).ceil() as usize).clamp(from + 1, CHART);
        format!(
            "{}{}{}",
            " ".repeat(from),
            "█".repeat(to - from),
            " ".repeat(CHART - to)
        )
    }

    fn painted(&self, style: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{style}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// What stands before the name of a span so deep in the tree.
fn lead(depth: usize) -> String {
    match depth {
        0 => String::new(),
        _ => format!("{}└ ", "  ".repeat(depth - 1)),
    }
}

fn pairs(attributes: &[KeyValue]) -> String {
    attributes.iter().fold(String::new(), |mut text, pair| {
        let _ = write!(text, "  {}={}", pair.key, plain(&pair.value.as_str()));
        text
    })
}

/// Names may be a client's: nothing in them may drive the terminal.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn shown(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    if millis < 1000.0 {
        format!("{millis:.2} ms")
    } else {
        format!("{:.2} s", millis / 1e3)
    }
}

/// Clocks may step back: the time is nothing then.
fn since(start: SystemTime, end: SystemTime) -> Duration {
    end.duration_since(start).unwrap_or_default()
}

#[cfg(test)]
mod tests;
