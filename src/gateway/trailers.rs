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
    if !request.contains_key(TE) || !takes_trailers(request) {
        return;
    }
    let mut trailers = HeaderMap::new();
    answer::append_metadata(&mut trailers, "grpc-trailer-", metadata);
    if trailers.is_empty() {
        return;
    }
    let names: Vec<&str> = trailers.keys().map(HeaderName::as_str).collect();
    let names = HeaderValue::try_from(names.join(", ")).expect("names of headers are legal values");
    response.headers_mut().insert(TRAILER, names);
    let body = std::mem::take(response.body_mut());
    *response.body_mut() = Body::new(WithTrailers {
        body,
        trailers: Some(trailers),
    });
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
