//! `/debug`: what pages there are, and how the program is.

use super::{
    Asked, StateOf,
    html::{PAGES, Page, Span, Text},
};
use axum::{
    extract::State as Extract,
    http::{HeaderMap, Uri},
    response::Response,
};
use serde_json::{Value, json};

pub(super) async fn answer(Extract(state): StateOf, uri: Uri, headers: HeaderMap) -> Response {
    let ledger = state.telemetry.ledger();
    let age = ledger.map(|ledger| ledger.book().age());
    let active = ledger.map(|ledger| ledger.book().active(|_| true).len());
    let version = env!("CARGO_PKG_VERSION");
    let json = || {
        let pages: Value = PAGES
            .map(|(path, _, about)| json!({ "path": path, "about": about }))
            .into();
        json!({
            "trestle": version,
            "uptimeSeconds": age.map(|age| age.as_secs_f64()),
            "callsUnderWay": active,
            "pages": pages,
        })
    };
    let html = || {
        let mut page = Page::new("/debug", "Debug pages");
        page.add(format_args!("<p class=\"soft\">trestle {version}"));
        if let (Some(age), Some(active)) = (age, active) {
            let calls = if active == 1 { "call" } else { "calls" };
            page.add(format_args!(
                ", up for {}, {active} {calls} under way",
                Text(Span(age))
            ));
        }
        page.add(format_args!("<ul class=\"cards\">"));
        for (path, _, about) in PAGES {
            page.add(format_args!("<li><a href=\"{path}\">{path}</a><br>{about}"));
        }
        page.add(format_args!(
            "</ul><p class=\"soft\">For this machine only. With <code>Accept: \
             application/json</code> every page is JSON."
        ));
        page
    };
    Asked::of(uri, &headers).respond(json, html)
}
