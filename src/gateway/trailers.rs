//! Trailing metadata as `Grpc-Trailer-*` trailers, for callers that say `TE:
//! trailers` (RFC 9110 §6.5.1); for others it is dropped, since they would never see it.

use super::answer::{self, Response};
use axum::body::Body;
use bytes::Bytes;
use http::header::{TE, TRAILER};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body with trailers after it. Its length is not told, so that HTTP/1.1 sends
/// it in chunks, which is how trailers travel there.
struct WithTrailers {
    body: Body,
    trailers: Option<HeaderMap>,
}

/// Puts the trailing metadata of a reply after its body, where that is wanted.
pub(super) fn attach(request: &HeaderMap, response: &mut Response, metadata: &HeaderMap) {
    if !are_taken(request) {
        return;
    }
    let Some(trailers) = of(metadata) else {
        return;
    };
    let names: Vec<&str> = trailers.keys().map(HeaderName::as_str).collect();
    announce(response, &names);
    let body = std::mem::take(response.body_mut());
    *response.body_mut() = Body::new(WithTrailers {
        body,
        trailers: Some(trailers),
    });
}

/// Names the trailers of a stream before they are known: those that the backend
/// itself announces by the metadata `trailer`. HTTP/2 needs no announcement, but
/// over HTTP/1.1 only what was announced is sent.
pub(super) fn announce_those_of(response: &mut Response, metadata: &HeaderMap) {
    let announced = metadata.get_all(TRAILER).iter();
    let announced = announced
        .filter_map(|names| names.to_str().ok())
        .flat_map(|names| names.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok());
    // The values are of no interest: what would be left out as a trailer is left out.
    let announced = announced.map(|name| (name, HeaderValue::from_static("")));
    if let Some(trailers) = of(&announced.collect()) {
        let names: Vec<&str> = trailers.keys().map(HeaderName::as_str).collect();
        announce(response, &names);
    }
}

fn announce(response: &mut Response, names: &[&str]) {
    let names = HeaderValue::try_from(names.join(", ")).expect("names of headers are legal values");
    response.headers_mut().insert(TRAILER, names);
}

/// Trailing metadata as trailers, if there is any.
pub(super) fn of(metadata: &HeaderMap) -> Option<HeaderMap> {
    let mut trailers = HeaderMap::new();
    answer::append_metadata(&mut trailers, "grpc-trailer-", metadata);
    (!trailers.is_empty()).then_some(trailers)
}

/// Whether a request asks for trailers.
pub(super) fn are_taken(request: &HeaderMap) -> bool {
    request.contains_key(TE) && takes_trailers(request)
}

fn takes_trailers(request: &HeaderMap) -> bool {
    request
        .get_all(TE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
}

impl http_body::Body for WithTrailers {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(None) => {
                let trailers = self.trailers.take();
                Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
            }
            frame => frame,
        }
    }
}
