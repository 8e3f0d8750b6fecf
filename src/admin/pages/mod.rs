//! The debug pages. Each is made of what a book, the log or the routes say at the
//! moment, as HTML, or as JSON for those who like that better.

mod events;
mod html;
mod index;
mod requests;
mod routes;
mod rpcz;
mod sample;
mod tracez;

pub use routes::RouteLine;

use super::{State, nothing_here};
use crate::{
    gateway::quality,
    telemetry::{debug::Book, observe::Ledger},
};
use axum::{
    Router,
    extract::State as Extract,
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
    routing::get,
};
use html::Page;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::sync::Arc;

/// What a page may ask of its request.
struct Asked {
    uri: Uri,
    json: bool,
}

pub(super) fn router() -> Router<Arc<State>> {
    Router::new()
        .route("/debug", get(index::answer))
        .route("/debug/", get(index::answer))
        .route("/debug/requests", get(requests::answer))
        .route("/debug/events", get(events::answer))
        .route("/debug/rpcz", get(rpcz::answer))
        .route("/debug/tracez", get(tracez::answer))
        .route("/debug/routes", get(routes::answer))
}

impl Asked {
    fn of(uri: Uri, headers: &HeaderMap) -> Self {
        let json = quality(headers, "application/json");
        let html = quality(headers, "text/html");
        Self {
            uri,
            json: json.named && json.value > html.value,
        }
    }

    /// A parameter of the query.
    fn parameter(&self, name: &str) -> Option<String> {
        let pairs = self.uri.query().unwrap_or_default().split('&');
        let mut named = pairs.filter_map(|pair| pair.split_once('='));
        let (_, value) = named.find(|(key, _)| *key == name)?;
        let value = value.replace('+', " ");
        Some(percent_decode_str(&value).decode_utf8_lossy().into_owned())
    }

    /// A parameter that is a number.
    fn number(&self, name: &str) -> Option<i64> {
        self.parameter(name)?.parse().ok()
    }

    /// A parameter that is there to switch something on.
    fn is_on(&self, name: &str) -> bool {
        self.parameter(name).is_some_and(|value| value == "1")
    }

    /// The page in the form that is liked better.
    fn respond(&self, json: impl FnOnce() -> Value, html: impl FnOnce() -> Page) -> Response {
        if self.json {
            super::reply(StatusCode::OK, &json())
        } else {
            html().respond()
        }
    }
}

/// The book, for pages that are nothing without one.
fn book(state: &State) -> Option<&Book> {
    state.telemetry.ledger().map(Ledger::book)
}

type StateOf = Extract<Arc<State>>;

#[cfg(test)]
mod tests;
