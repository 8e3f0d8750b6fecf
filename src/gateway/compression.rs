//! Responses compressed as `Accept-Encoding` allows, by tower-http. Off by default:
//! it costs more than the rest of the exchange, and bodies that mix a secret with
//! what a stranger sent tell of the secret by their size (BREACH).

use super::answer::Response;
use axum::body::Body;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, VARY};
use http::request::Parts;
use http::{HeaderValue, Method, Request};
use http_body::Body as _;
use std::convert::Infallible;
use tower::{ServiceExt as _, service_fn};
use tower_http::compression::Compression;
use tower_http::compression::predicate::SizeAbove;

/// Below this a packet holds the body anyway.
const SMALLEST: u64 = 1024;

/// Compresses a response. Bodies whose length is not known beforehand are streams,
/// which an encoder would hold back; they stay as they are.
pub(super) async fn apply(head: &Parts, mut response: Response) -> Response {
    let length = response.body().size_hint().exact();
    if length.is_none_or(|length| length < SMALLEST) || head.method == Method::HEAD {
        return response;
    }
    let Some(encodings) = head.headers.get(ACCEPT_ENCODING) else {
        let vary = HeaderValue::from_static("accept-encoding");
        response.headers_mut().append(VARY, vary);
        return response;
    };
    let mut request = Request::new(());
    let headers = request.headers_mut();
    headers.insert(ACCEPT_ENCODING, encodings.clone());
    let mut response = Some(response);
    let answer = service_fn(move |_| {
        let response = response.take().unwrap_or_default();
        async { Ok::<_, Infallible>(response) }
    });
    let Ok(compressed) = Compression::new(answer)
        .compress_when(SizeAbove::new(SMALLEST - 1))
        .oneshot(request)
        .await;
    let mut compressed = compressed.map(Body::new);
    if compressed.headers().contains_key(CONTENT_ENCODING) {
        weaken(&mut compressed);
    }
    compressed
}

/// The compressed bytes are not those that the entity tag was made of.
fn weaken(response: &mut Response) {
    let weak = response.headers().get(ETAG).and_then(|tag| {
        let weak = [b"W/", tag.as_bytes()].concat();
        HeaderValue::from_bytes(&weak).ok()
    });
    if let Some(weak) = weak {
        response.headers_mut().insert(ETAG, weak);
    }
}
