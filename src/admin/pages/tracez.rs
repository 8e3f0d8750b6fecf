//! `/debug/tracez`: every route and method that was called, with those under way,
//! examples by latency and errors. After OpenCensus's page, whose parameters it
//! takes: `zspanname`, `ztype` (0 under way, 1 latency, 2 errors), `zsubtype`.

use super::{
    Asked, StateOf, book,
    html::{Page, Parameter, Text},
    nothing_here, sample,
};
use crate::telemetry::debug::{Book, Sample, TRACE_LATENCIES};
use axum::{
    extract::State as Extract,
    http::{HeaderMap, Uri},
    response::Response,
};
use serde_json::{Value, json};
use std::time::Duration;

/// What of an operation is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Active,
    /// The one after the latencies is of errors.
    Bucket(usize),
}

const MOST_ACTIVE: usize = 10;
const ERRORS: usize = TRACE_LATENCIES.len();

pub(super) async fn answer(Extract(state): StateOf, uri: Uri, headers: HeaderMap) -> Response {
    let Some(book) = book(&state) else {
        return nothing_here();
    };
    let asked = Asked::of(uri, &headers);
    let name = asked.parameter("zspanname");
    let operations = book.operations();
    let named = |name: String| operations.iter().position(|it| sample::title(it) == name);
    let bucket = asked
        .number("zsubtype")
        .and_then(|it| usize::try_from(it).ok());
    let column = match asked.number("ztype") {
        Some(0) => Some(Column::Active),
        Some(1) => bucket.filter(|it| *it < ERRORS).map(Column::Bucket),
        Some(2) => Some(Column::Bucket(ERRORS)),
        _ => None,
    };
    let chosen = name.and_then(named).zip(column);
    asked.respond(|| json(book, chosen), || html(book, chosen))
}

fn html(book: &Book, chosen: Option<(usize, Column)>) -> Page {
    let mut page = Page::new("/debug/tracez", "Traces");
    page.add(format_args!(
        "<div class=\"scroll\"><table><tr><th>Route or method<th class=\"n\">Under way"
    ));
    for least in TRACE_LATENCIES {
        page.add(format_args!("<th class=\"n\">{}", latency_name(least)));
    }
    page.add(format_args!("<th class=\"n\">Errors"));
    let mut quiet = true;
    for operation in 0..book.operations().len() {
        let traces = book.operation(operation);
        if traces.active == 0 && traces.buckets.iter().all(Vec::is_empty) {
            continue;
        }
        quiet = false;
        let here = chosen.filter(|(chosen, _)| *chosen == operation);
        let class = if here.is_some() {
            " class=\"chosen\""
        } else {
            ""
        };
        let name = sample::title(&book.operations()[operation]);
        page.add(format_args!("<tr{class}><td>{}", Text(&name)));
        let mut cell = |column: Column, count: usize| {
            if count == 0 {
                page.add(format_args!("<td class=\"n none\">0"));
                return;
            }
            let (kind, bucket) = match column {
                Column::Active => (0, 0),
                Column::Bucket(ERRORS) => (2, 0),
                Column::Bucket(bucket) => (1, bucket),
            };
            let current = here.is_some_and(|(_, chosen)| chosen == column);
            let current = if current {
                " aria-current=\"true\""
            } else {
                ""
            };
            let name = Parameter(&name);
            page.add(format_args!(
                "<td class=\"n\"><a href=\"?zspanname={name}&amp;ztype={kind}&amp;\
                 zsubtype={bucket}\"{current}>{count}</a>"
            ));
        };
        cell(Column::Active, traces.active);
        for (bucket, samples) in traces.buckets.iter().enumerate() {
            cell(Column::Bucket(bucket), samples.len());
        }
    }
    if quiet {
        page.add(format_args!(
            "<tr><td class=\"soft\" colspan=\"12\">No calls yet."
        ));
    }
    page.add(format_args!(
        "</table></div><p class=\"soft\">Numbers are of examples kept, ten of each at most, \
         and not of calls."
    ));
    if let Some((operation, column)) = chosen {
        detail(&mut page, book, operation, column);
    }
    page
}

fn detail(page: &mut Page, book: &Book, operation: usize, column: Column) {
    let name = sample::title(&book.operations()[operation]);
    match column {
        Column::Active => {
            let active = book.active(|it| it == operation);
            page.add(format_args!("<h2>{}: under way</h2>", Text(&name)));
            sample::active_table(page, book, &active, MOST_ACTIVE);
        }
        Column::Bucket(bucket) => {
            let traces = book.operation(operation);
            let samples: Vec<&Sample> = traces.buckets[bucket].iter().map(|it| &**it).collect();
            page.add(format_args!(
                "<h2>{}: {}</h2>",
                Text(&name),
                bucket_name(bucket)
            ));
            sample::table(page, book, &samples, true);
        }
    }
}

fn json(book: &Book, chosen: Option<(usize, Column)>) -> Value {
    match chosen {
        Some((operation, Column::Active)) => {
            sample::active_json(book, &book.active(|it| it == operation))
        }
        Some((operation, Column::Bucket(bucket))) => {
            let traces = book.operation(operation);
            let samples = traces.buckets[bucket].iter();
            samples.map(|sample| sample::object(book, sample)).collect()
        }
        None => {
            let operations = (0..book.operations().len()).filter_map(|operation| {
                let traces = book.operation(operation);
                let kept = traces.buckets.iter().enumerate();
                let kept =
                    kept.map(|(bucket, samples)| (bucket_name(bucket), samples.len().into()));
                let used = traces.active > 0 || traces.buckets.iter().any(|it| !it.is_empty());
                used.then(|| {
                    json!({
                        "name": sample::title(&book.operations()[operation]),
                        "active": traces.active,
                        "kept": kept.collect::<serde_json::Map<_, _>>(),
                    })
                })
            });
            json!({ "operations": operations.collect::<Vec<_>>() })
        }
    }
}

fn latency_name(least: Duration) -> String {
    match least {
        Duration::ZERO => "≥0s".to_owned(),
        least => format!("≥{least:?}"),
    }
}

fn bucket_name(bucket: usize) -> String {
    match TRACE_LATENCIES.get(bucket) {
        Some(least) => latency_name(*least),
        None => "errors".to_owned(),
    }
}
