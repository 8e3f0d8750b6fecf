//! `/debug/events`: the last lines of the log by where they came from, and how old
//! the errors among them are. After `golang.org/x/net/trace`, whose parameters it
//! takes: `fam`, `b`.

use super::{
    Asked, StateOf,
    html::{Page, Parameter, Text, When},
};
use crate::telemetry::debug::{Events, Log};
use axum::{
    extract::State as Extract,
    http::{HeaderMap, Uri},
    response::Response,
};
use serde_json::{Value, json};
use std::time::Duration;
use tracing::Level;

/// Errors younger than this, by the names of their columns; the last are all.
const AGES: [(&str, Duration); 6] = [
    ("errs<10s", Duration::from_secs(10)),
    ("errs<1m", Duration::from_secs(60)),
    ("errs<10m", Duration::from_secs(600)),
    ("errs<1h", Duration::from_secs(3_600)),
    ("errs<10h", Duration::from_secs(36_000)),
    ("errors", Duration::MAX),
];

pub(super) async fn answer(Extract(_): StateOf, uri: Uri, headers: HeaderMap) -> Response {
    let asked = Asked::of(uri, &headers);
    let logs = Events::logs();
    let origin = asked.parameter("fam");
    let log = origin.and_then(|origin| logs.iter().find(|log| log.origin == origin));
    let errors = asked.number("b").is_some_and(|bucket| bucket > 0);
    asked.respond(|| json(&logs, log), || html(&logs, log, errors))
}

fn html(logs: &[Log], chosen: Option<&Log>, errors: bool) -> Page {
    let mut page = Page::new("/debug/events", "Events");
    page.add(format_args!(
        "<div class=\"scroll\"><table><tr><th>Origin<th>Lines<th colspan=\"6\">Errors"
    ));
    for log in logs {
        let here = chosen.is_some_and(|chosen| chosen.origin == log.origin);
        let class = if here { " class=\"chosen\"" } else { "" };
        let origin = Parameter(&log.origin);
        page.add(format_args!(
            "<tr{class}><td>{}<td class=\"s\"><a href=\"?fam={origin}&amp;b=0\">[{} total]</a>",
            Text(&log.origin),
            log.total
        ));
        for (bucket, (name, age)) in AGES.iter().enumerate() {
            match younger(log, *age) {
                0 => page.add(format_args!("<td class=\"s none\">[{name}]")),
                count => page.add(format_args!(
                    "<td class=\"s\"><a class=\"bad\" href=\"?fam={origin}&amp;b={}\">[{count} {name}]</a>",
                    bucket + 1
                )),
            }
        }
    }
    if logs.is_empty() {
        page.add(format_args!(
            "<tr><td class=\"soft\" colspan=\"8\">Nothing was logged yet."
        ));
    }
    page.add(format_args!("</table></div>"));
    if let Some(log) = chosen {
        lines(&mut page, log, errors);
    }
    page
}

fn lines(page: &mut Page, log: &Log, errors: bool) {
    page.add(format_args!(
        "<h2>{}</h2><div class=\"scroll\"><table><tr><th>When (UTC)<th>Level<th>What",
        Text(&log.origin)
    ));
    let lines = log.lines.iter().rev();
    for line in lines.filter(|line| !errors || line.level == Level::ERROR) {
        let class = if line.level <= Level::WARN {
            "bad"
        } else {
            "soft"
        };
        page.add(format_args!(
            "<tr><td class=\"s mono\">{}<td class=\"{class}\">{}<td>{}",
            When(line.at),
            line.level,
            Text(&line.text)
        ));
    }
    page.add(format_args!("</table></div>"));
}

fn younger(log: &Log, age: Duration) -> usize {
    let errors = log.errors.iter();
    errors.filter(|at| at.elapsed() < age).count()
}

fn json(logs: &[Log], chosen: Option<&Log>) -> Value {
    if let Some(log) = chosen {
        let lines = log.lines.iter().rev();
        return lines
            .map(|line| {
                json!({
                    "at": When(line.at).to_string(),
                    "level": line.level.as_str(),
                    "text": line.text,
                })
            })
            .collect();
    }
    let logs = logs.iter().map(|log| {
        let errors = AGES.map(|(name, age)| (name.to_owned(), younger(log, age).into()));
        json!({
            "origin": log.origin,
            "total": log.total,
            "errors": serde_json::Map::from_iter(errors),
        })
    });
    json!({ "origins": logs.collect::<Vec<_>>() })
}
