//! Calls whose answer does not wait for the end of the request.

use super::Backend;
use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Response};
use std::future::poll_fn;

fn head() -> Response<()> {
    let mut head = Response::new(());
    let kind = HeaderValue::from_static("application/grpc");
    head.headers_mut().insert("content-type", kind);
    head
}

/// Gives back whatever comes, when it comes.
pub(super) async fn chat(backend: &Backend, body: RecvStream, respond: SendResponse<Bytes>) {
    if give_back(body, respond).await.is_err() {
        backend.cancelled.send_modify(|count| *count += 1);
    }
}

async fn give_back(
    mut body: RecvStream,
    mut respond: SendResponse<Bytes>,
) -> Result<(), h2::Error> {
    let mut stream = respond.send_response(head(), false)?;
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        stream.send_data(data, false)?;
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    stream.send_trailers(trailers)
}

/// Answers with a head and takes nothing, until the other side goes.
pub(super) async fn deaf(backend: &Backend, body: RecvStream, mut respond: SendResponse<Bytes>) {
    if let Ok(mut stream) = respond.send_response(head(), false) {
        let _ = poll_fn(|context| stream.poll_reset(context)).await;
    }
    drop(body);
    backend.cancelled.send_modify(|count| *count += 1);
}
