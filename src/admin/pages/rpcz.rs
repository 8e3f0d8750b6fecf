//! `/debug/rpcz`: how the gRPC calls fared that were made and answered, by method,
//! in the last minute, the last hour, and in all. After OpenCensus's page.

use super::{
    Asked, StateOf, book,
    html::{Page, Text},
    nothing_here,
};
use crate::telemetry::debug::{Book, Rpc, RpcRates, Side};
use axum::{
    extract::State as Extract,
    http::{HeaderMap, Uri},
    response::Response,
};
use serde_json::{Value, json};

const SIDES: [(&str, Side); 2] = [("Sent", Side::Sent), ("Received", Side::Received)];

pub(super) async fn answer(Extract(state): StateOf, uri: Uri, headers: HeaderMap) -> Response {
    let Some(book) = book(&state) else {
        return nothing_here();
    };
    Asked::of(uri, &headers).respond(|| json(book), || html(book))
}

fn html(book: &Book) -> Page {
    let mut page = Page::new("/debug/rpcz", "gRPC calls");
    for (name, side) in SIDES {
        page.add(format_args!("<h2>{name}</h2>"));
        let rpcs = book.rpcs(side);
        if rpcs.is_empty() {
            page.add(format_args!("<p class=\"soft\">No calls yet."));
        } else {
            table(&mut page, &rpcs);
        }
    }
    page
}

fn table(page: &mut Page, rpcs: &[Rpc]) {
    page.add(format_args!(
        "<div class=\"scroll\"><table><tr><th rowspan=\"2\">Method"
    ));
    for column in COLUMNS {
        page.add(format_args!("<th colspan=\"3\">{}", column.0));
    }
    page.add(format_args!("<tr>"));
    for _ in COLUMNS {
        page.add(format_args!(
            "<th class=\"n\">Min<th class=\"n\">Hr<th class=\"n\">Tot"
        ));
    }
    for rpc in rpcs {
        page.add(format_args!("<tr><td>{}", Text(&rpc.method)));
        for (name, value, digits) in COLUMNS {
            for rates in [&rpc.minute, &rpc.hour, &rpc.total] {
                let value = value(rates);
                let class = match (name, value) {
                    (_, 0.0) => " none",
                    (ERRORS, _) => " bad",
                    _ => "",
                };
                page.add(format_args!("<td class=\"n{class}\">{value:.digits$}"));
            }
        }
    }
    page.add(format_args!("</table></div>"));
}

const ERRORS: &str = "Errors";

/// A column's title, its value and how many digits that has after the point.
type Column = (&'static str, fn(&RpcRates) -> f64, usize);

const COLUMNS: [Column; 6] = [
    ("Count", |rates| rates.count as f64, 0),
    ("Avg latency (ms)", |rates| rates.latency, 2),
    ("Rate (calls/s)", |rates| rates.rate, 2),
    ("Input (kB/s)", |rates| rates.input, 2),
    ("Output (kB/s)", |rates| rates.output, 2),
    (ERRORS, |rates| rates.errors as f64, 0),
];

fn json(book: &Book) -> Value {
    let rates = |rates: &RpcRates| {
        json!({
            "count": rates.count,
            "meanLatencyMillis": rates.latency,
            "callsPerSecond": rates.rate,
            "inputKilobytesPerSecond": rates.input,
            "outputKilobytesPerSecond": rates.output,
            "errors": rates.errors,
        })
    };
    let of_side = |side| -> Value {
        let rpcs = book.rpcs(side);
        let rpcs = rpcs.iter().map(|rpc| {
            json!({
                "method": rpc.method,
                "minute": rates(&rpc.minute),
                "hour": rates(&rpc.hour),
                "total": rates(&rpc.total),
            })
        });
        rpcs.collect()
    };
    json!({ "sent": of_side(Side::Sent), "received": of_side(Side::Received) })
}
