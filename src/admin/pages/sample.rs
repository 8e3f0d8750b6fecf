//! Examples of calls, as rows of a table and as JSON, for the pages that list them.

use super::html::{Page, Span, Text, When};
use crate::telemetry::{
    debug::{Active, Book, Operation, Sample, Side, Traffic},
    metrics::code_name,
};
use serde_json::{Value, json};
use std::{
    fmt,
    time::{Instant, SystemTime},
};
use tonic::Code;

/// An operation's name, as far as it is needed to tell it from others.
pub(super) fn title(operation: &Operation) -> String {
    match operation.rpc {
        None => operation.title.clone(),
        Some(Side::Sent) => format!("Sent.{}", operation.title),
        Some(Side::Received) => format!("Recv.{}", operation.title),
    }
}

/// A table of examples. `lines` says whether to tell what happened in them.
pub(super) fn table(page: &mut Page, book: &Book, samples: &[&Sample], lines: bool) {
    page.add(format_args!(
        "<div class=\"scroll\"><table><tr><th>When (UTC)<th class=\"n\">Elapsed (s)<th>Call"
    ));
    for sample in samples {
        let operation = &book.operations()[sample.operation];
        let class = if sample.failed { "bad" } else { "good" };
        page.add(format_args!(
            "<tr><td class=\"s mono\">{}<td class=\"n mono\">{:.6}<td>{} \
             <span class=\"{class}\">{}</span>",
            When(sample.began),
            sample.elapsed.as_secs_f64(),
            Text(&operation.title),
            Outcome(sample),
        ));
        if let Some((trace, _)) = sample.trace {
            page.add(format_args!(
                " <span class=\"soft mono\">trace {trace}</span>"
            ));
        }
        if lines {
            page.add(format_args!("<pre>{}</pre>", Text(Lines(sample))));
        }
    }
    page.add(format_args!("</table></div>"));
}

/// A table of calls under way, oldest first, and how many of them it shows.
pub(super) fn active_table(page: &mut Page, book: &Book, active: &[Active], most: usize) {
    let shown = &active[..active.len().min(most)];
    if shown.len() < active.len() {
        page.add(format_args!(
            "<p class=\"soft\">Showing {} of {} traces.",
            shown.len(),
            active.len()
        ));
    }
    page.add(format_args!(
        "<div class=\"scroll\"><table><tr><th>When (UTC)<th class=\"n\">Elapsed (s)<th>Call\
         <th class=\"n\">Sent<th class=\"n\">Received"
    ));
    for call in shown {
        let elapsed = call.began.elapsed();
        page.add(format_args!(
            "<tr><td class=\"s mono\">{}<td class=\"n mono\">{:.6}<td>{}",
            When(began(call.began)),
            elapsed.as_secs_f64(),
            Text(&book.operations()[call.operation].title),
        ));
        if let Some(trace) = call.trace {
            page.add(format_args!(
                " <span class=\"soft mono\">trace {trace}</span>"
            ));
        }
        page.add(format_args!(
            "<td class=\"n\">{}<td class=\"n\">{}",
            SoFar(call.sent),
            SoFar(call.received)
        ));
    }
    page.add(format_args!("</table></div>"));
}

/// The same as JSON.
pub(super) fn active_json(book: &Book, active: &[Active]) -> Value {
    let call = |call: &Active| {
        let traffic = |of: Traffic| json!({ "messages": of.messages, "bytes": of.bytes });
        json!({
            "call": title(&book.operations()[call.operation]),
            "began": When(began(call.began)).to_string(),
            "elapsedSeconds": call.began.elapsed().as_secs_f64(),
            "trace": call.trace.map(|trace| trace.to_string()),
            "sent": traffic(call.sent),
            "received": traffic(call.received),
        })
    };
    active.iter().map(call).collect()
}

/// An example as JSON.
pub(super) fn object(book: &Book, sample: &Sample) -> Value {
    let traffic = |of: Traffic| json!({ "messages": of.messages, "bytes": of.bytes });
    json!({
        "call": title(&book.operations()[sample.operation]),
        "began": When(sample.began).to_string(),
        "elapsedSeconds": sample.elapsed.as_secs_f64(),
        "httpStatus": sample.http,
        "grpcStatus": sample.code.map(code_name),
        "cut": sample.cut,
        "failed": sample.failed,
        "error": sample.error,
        "sent": traffic(sample.sent),
        "received": traffic(sample.received),
        "trace": sample.trace.map(|(trace, _)| trace.to_string()),
        "span": sample.trace.map(|(_, span)| span.to_string()),
        "events": sample.events.iter().map(|(at, what)| {
            json!({ "afterSeconds": at.as_secs_f64(), "what": what })
        }).collect::<Vec<_>>(),
    })
}

/// The clock's time of a moment.
fn began(at: Instant) -> SystemTime {
    let now = SystemTime::now();
    now.checked_sub(at.elapsed()).unwrap_or(now)
}

/// What became of a call, in a few words.
struct Outcome<'a>(&'a Sample);

impl fmt::Display for Outcome<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(sample) = self;
        if let Some(status) = sample.http {
            write!(out, "{status}")?;
        }
        match sample.code {
            Some(code) if sample.http.is_none() || code != Code::Ok => {
                let space = if sample.http.is_some() { " " } else { "" };
                write!(out, "{space}{}", code_name(code))?;
            }
            _ => {}
        }
        match (
            sample.cut,
            sample.http.or(sample.code.map(|code| code as u16)),
        ) {
            (true, Some(_)) => write!(out, ", cut off"),
            (true, None) => write!(out, "cut off"),
            _ => Ok(()),
        }
    }
}

/// What happened in a call, a line each.
struct Lines<'a>(&'a Sample);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(sample) = self;
        for (at, what) in &sample.events {
            writeln!(out, "{:>12}  {what}", Span(*at).to_string())?;
        }
        if sample.events.is_empty() {
            writeln!(out, "{:>12}  recv: {}", "", Gone(sample.received))?;
            writeln!(out, "{:>12}  sent: {}", "", Gone(sample.sent))?;
        }
        let end = Span(sample.elapsed).to_string();
        write!(out, "{end:>12}  {}", Outcome(sample))?;
        if let Some(error) = &sample.error {
            write!(out, ": {error}")?;
        }
        Ok(())
    }
}

/// Traffic in words.
struct Gone(Traffic);

impl fmt::Display for Gone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Traffic { messages, bytes } = self.0;
        match messages {
            0 => write!(out, "{bytes} bytes"),
            1 => write!(out, "1 message, {bytes} bytes"),
            _ => write!(out, "{messages} messages, {bytes} bytes"),
        }
    }
}

/// Traffic of a call under way; short calls do not tell.
struct SoFar(Traffic);

impl fmt::Display for SoFar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.messages {
            0 => Ok(()),
            _ => Gone(self.0).fmt(out),
        }
    }
}
