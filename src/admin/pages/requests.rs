//! `/debug/requests`: families of calls with those under way, examples by latency,
//! errors, and distributions of latencies. After `golang.org/x/net/trace`, whose
//! parameters it takes: `fam`, `b`, `exp`, `rtraced`.

use super::{
    Asked, StateOf, book,
    html::{Page, Parameter, Text},
    nothing_here, sample,
};
use crate::telemetry::debug::{Book, Histogram, Period, REQUEST_LATENCIES, Sample, Traces};
use axum::{
    extract::State as Extract,
    http::{HeaderMap, Uri},
    response::Response,
};
use serde_json::{Value, json};

/// What of a family is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Active,
    Bucket(usize),
    Latencies(Period),
}

/// Distributions of latencies, by the names of their columns.
const PERIODS: [(&str, Period); 3] = [
    ("minute", Period::Minute),
    ("hour", Period::Hour),
    ("total", Period::Total),
];
const BUCKETS: usize = REQUEST_LATENCIES.len() + 1;
/// Calls under way that are shown.
const MOST_ACTIVE: usize = 20;

/// How examples are shown.
#[derive(Clone, Copy)]
struct View {
    expanded: bool,
    traced: bool,
}

pub(super) async fn answer(Extract(state): StateOf, uri: Uri, headers: HeaderMap) -> Response {
    let Some(book) = book(&state) else {
        return nothing_here();
    };
    let asked = Asked::of(uri, &headers);
    let family = asked.parameter("fam");
    let family = family.and_then(|name| book.families().iter().position(|it| *it == name));
    let chosen = family.zip(asked.number("b").and_then(Column::of));
    let view = View {
        expanded: asked.is_on("exp"),
        traced: asked.is_on("rtraced"),
    };
    asked.respond(|| json(book, chosen), || html(book, chosen, view))
}

fn html(book: &Book, chosen: Option<(usize, Column)>, view: View) -> Page {
    let mut page = Page::new("/debug/requests", "Requests");
    page.add(format_args!(
        "<div class=\"scroll\"><table><tr><th>Family<th>Under way"
    ));
    page.add(format_args!(
        "<th colspan=\"{}\">Took at least<th>Failed<th colspan=\"3\">Latencies",
        REQUEST_LATENCIES.len()
    ));
    let mut quiet = true;
    for family in 0..book.families().len() {
        let traces = book.family(family);
        let total = book.latencies(family, Period::Total).count;
        if total == 0 && traces.active == 0 {
            continue;
        }
        quiet = false;
        row(&mut page, family, &traces, chosen);
    }
    if quiet {
        page.add(format_args!(
            "<tr><td class=\"soft\" colspan=\"14\">No calls yet."
        ));
    }
    page.add(format_args!("</table></div>"));
    if let Some((family, column)) = chosen {
        detail(&mut page, book, family, column, view);
    }
    page
}

fn row(page: &mut Page, family: usize, traces: &Traces, chosen: Option<(usize, Column)>) {
    let here = chosen.filter(|(chosen, _)| *chosen == family);
    let class = if here.is_some() {
        " class=\"chosen\""
    } else {
        ""
    };
    page.add(format_args!("<tr{class}><td>{}", Text(&traces.name)));
    let mut cell = |column: Column, label: &str, filled: bool| {
        let current = here.is_some_and(|(_, chosen)| chosen == column);
        let current = if current {
            " aria-current=\"true\""
        } else {
            ""
        };
        if filled {
            let (name, number) = (Parameter(&traces.name), column.number());
            page.add(format_args!(
                "<td class=\"s\"><a href=\"?fam={name}&amp;b={number}\"{current}>[{label}]</a>"
            ));
        } else {
            page.add(format_args!("<td class=\"s none\">[{label}]"));
        }
    };
    let active = format!("{} active", traces.active);
    cell(Column::Active, &active, traces.active > 0);
    for (bucket, samples) in traces.buckets.iter().enumerate() {
        cell(
            Column::Bucket(bucket),
            &bucket_name(bucket),
            !samples.is_empty(),
        );
    }
    for (name, period) in PERIODS {
        cell(Column::Latencies(period), name, true);
    }
}

fn detail(page: &mut Page, book: &Book, family: usize, column: Column, view: View) {
    let name = &book.families()[family];
    match column {
        Column::Active => {
            let active = book.active_of_family(family);
            page.add(format_args!("<h2>{}: under way</h2>", Text(name)));
            sample::active_table(page, book, &active, MOST_ACTIVE);
        }
        Column::Bucket(bucket) => {
            let traces = book.family(family);
            let samples: Vec<&Sample> = traces.buckets[bucket]
                .iter()
                .map(|sample| &**sample)
                .filter(|sample| !view.traced || sample.trace.is_some())
                .collect();
            let label = bucket_name(bucket);
            page.add(format_args!("<h2>{}: {label}</h2>", Text(name)));
            views(page, name, bucket, view);
            if samples.is_empty() {
                page.add(format_args!(
                    "<p class=\"soft\">None is recorded as a trace."
                ));
            } else {
                sample::table(page, book, &samples, view.expanded);
            }
        }
        Column::Latencies(period) => {
            let label = PERIODS.iter().find(|(_, it)| *it == period);
            let label = label.map_or("", |(label, _)| label);
            page.add(format_args!("<h2>{}: latencies, {label}</h2>", Text(name)));
            histogram(page, &book.latencies(family, period));
        }
    }
}

/// Links to the other ways to show the same.
fn views(page: &mut Page, family: &str, bucket: usize, view: View) {
    page.add(format_args!("<p class=\"views\">"));
    for (label, traced, expanded) in [
        ("Normal/Summary", false, false),
        ("Normal/Expanded", false, true),
        ("Traced/Summary", true, false),
        ("Traced/Expanded", true, true),
    ] {
        if (view.traced, view.expanded) == (traced, expanded) {
            page.add(format_args!("<a aria-current=\"true\"><b>{label}</b></a> "));
        } else {
            let (traced, expanded) = (u8::from(traced), u8::from(expanded));
            page.add(format_args!(
                "<a href=\"?fam={}&amp;b={bucket}&amp;exp={expanded}&amp;rtraced={traced}\">{label}</a> ",
                Parameter(family)
            ));
        }
    }
}

fn histogram(page: &mut Page, latencies: &Histogram) {
    if latencies.count == 0 {
        page.add(format_args!("<p class=\"soft\">No calls in this time."));
        return;
    }
    page.add(format_args!(
        "<p>Count: <b>{}</b>, mean: <b>{:.0}</b>, standard deviation: <b>{:.0}</b>, median: \
         <b>{:.0}</b> <span class=\"soft\">(microseconds)</span>\
         <div class=\"scroll\"><table><tr><th class=\"n\">From<th class=\"n\">To below\
         <th class=\"n\">Calls<th class=\"n\">Share<th class=\"n\">Up to here<th>",
        latencies.count, latencies.mean, latencies.deviation, latencies.median
    ));
    let most = latencies
        .rows
        .iter()
        .map(|row| row.count)
        .max()
        .unwrap_or(1);
    for row in &latencies.rows {
        let width = 100.0 * row.count as f64 / most as f64;
        page.add(format_args!(
            "<tr><td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{:.2}%\
             <td class=\"n\">{:.2}%<td class=\"wide\">",
            row.low, row.high, row.count, row.percent, row.cumulative
        ));
        if row.count > 0 {
            page.add(format_args!(
                "<span class=\"bar\" style=\"width:{width:.1}%\"></span>"
            ));
        }
    }
    page.add(format_args!("</table></div>"));
}

fn json(book: &Book, chosen: Option<(usize, Column)>) -> Value {
    if let Some((family, column)) = chosen {
        return match column {
            Column::Active => sample::active_json(book, &book.active_of_family(family)),
            Column::Bucket(bucket) => {
                let traces = book.family(family);
                let samples = traces.buckets[bucket].iter();
                samples.map(|sample| sample::object(book, sample)).collect()
            }
            Column::Latencies(period) => latencies_json(&book.latencies(family, period)),
        };
    }
    let families = (0..book.families().len()).filter_map(|family| {
        let traces = book.family(family);
        let total = book.latencies(family, Period::Total).count;
        if total == 0 && traces.active == 0 {
            return None;
        }
        let kept = traces.buckets.iter().enumerate();
        let kept = kept.map(|(bucket, samples)| (bucket_name(bucket), samples.len().into()));
        Some(json!({
            "family": traces.name,
            "active": traces.active,
            "kept": kept.collect::<serde_json::Map<_, _>>(),
            "total": total,
        }))
    });
    json!({ "families": families.collect::<Vec<_>>() })
}

fn latencies_json(latencies: &Histogram) -> Value {
    let rows = latencies.rows.iter();
    let rows =
        rows.map(|row| json!({ "fromMicros": row.low, "toMicros": row.high, "count": row.count }));
    json!({
        "count": latencies.count,
        "meanMicros": latencies.mean,
        "deviationMicros": latencies.deviation,
        "medianMicros": latencies.median,
        "buckets": rows.collect::<Vec<_>>(),
    })
}

fn bucket_name(bucket: usize) -> String {
    match REQUEST_LATENCIES.get(bucket) {
        Some(least) => format!("≥{}s", least.as_secs_f64()),
        None => "errors".to_owned(),
    }
}

impl Column {
    /// As the parameter `b` has it.
    fn of(number: i64) -> Option<Self> {
        match usize::try_from(number) {
            Err(_) => (number == -1).then_some(Self::Active),
            Ok(bucket) if bucket < BUCKETS => Some(Self::Bucket(bucket)),
            Ok(number) => {
                let period = PERIODS.get(number - BUCKETS);
                period.map(|(_, period)| Self::Latencies(*period))
            }
        }
    }

    fn number(self) -> i64 {
        match self {
            Self::Active => -1,
            Self::Bucket(bucket) => bucket as i64,
            Self::Latencies(Period::Minute) => BUCKETS as i64,
            Self::Latencies(Period::Hour) => BUCKETS as i64 + 1,
            Self::Latencies(Period::Total) => BUCKETS as i64 + 2,
        }
    }
}
