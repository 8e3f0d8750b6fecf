//! The last touches to every response, whatever it says: what the request asked
//! of any answer, and what any answer tells of its exchange.

use super::Tables;
use super::answer::{self, Response};
use super::identity::Identity;
use super::problem;
use crate::telemetry::observe::Exchange;
use axum::body::Body;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderValue, Method};
use http_body::Body as _;

/// Finishes the response to the request with this head.
pub(super) fn finish(tables: &Tables, head: &Parts, identity: Identity, response: &mut Response) {
    let hooks = &tables.settings.hooks;
    hooks.name_metadata(answer::METADATA_PREFIX, response.headers_mut());
    problem::finish(&head.headers, hooks, response);
    identity.mark(response.headers_mut());
    tables.settings.cors.finish(head, response);
    if head.method == Method::HEAD {
        without_body(response);
    }
}

/// The response as it leaves, its exchange with it: that is over when the body is.
pub(super) fn watch(mut exchange: Exchange, response: Response) -> Response {
    if !exchange.is_watched() {
        return response;
    }
    exchange.answered(response.status());
    response.map(|body| Body::new(exchange.watch(body)))
}

/// The answer to HEAD: the headers of GET's, its length included.
fn without_body(response: &mut Response) {
    let length = response.body().size_hint().exact();
    *response.body_mut() = Body::empty();
    if let Some(length) = length {
        response
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
}
