//! Responses compressed as `Accept-Encoding` allows, by tower-http. Off by default:
//! it costs more than the rest of the exchange, and bodies that mix a secret with
//! what a stranger sent tell of the secret by their size (BREACH).

use super::answer::Response;
use axum::body::Body;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request};
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
    let is_small = length.is_none_or(|length| length < SMALLEST);
    if is_small || is_compressed(response.headers()) || head.method == Method::HEAD {
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

/// Whether a body is of a type that has been compressed already. Types that nobody
/// told are left alone too: most of them are archives and pictures.
fn is_compressed(headers: &HeaderMap) -> bool {
    let media = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = media.split(';').next().unwrap_or_default().trim();
    let (kind, subtype) = essence.split_once('/').unwrap_or((essence, ""));
    let is = |known: &[&str]| known.iter().any(|name| subtype.eq_ignore_ascii_case(name));
    match kind.to_ascii_lowercase().as_str() {
        "image" => !is(&["svg+xml", "bmp", "x-icon"]),
        "audio" | "video" => true,
        "font" => is(&["woff", "woff2"]),
        "application" => is(&[
            "octet-stream",
            "gzip",
            "x-gzip",
            "zip",
            "zstd",
            "x-7z-compressed",
            "x-bzip2",
            "x-xz",
            "vnd.rar",
            "java-archive",
            "pdf",
        ]),
        _ => false,
    }
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
