//! One request through the service: counted while it lasts, and contained when
//! the service panics.

use super::life::InFlight;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    any::Any,
    convert::Infallible,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll},
};
use tower::ServiceExt as _;
use tower_service::Service;

/// A response body that holds its request in flight until it is dropped.
#[derive(Debug)]
pub(super) struct Tracked {
    body: Body,
    _in_flight: InFlight,
}

/// The service's response, or a 500 when it panics.
pub(super) async fn run<S>(
    service: S,
    request: Request<Incoming>,
    in_flight: InFlight,
) -> Result<Response<Tracked>, Infallible>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
{
    let response = contained(service.oneshot(request))
        .await
        .unwrap_or_else(|panic| {
            tracing::error!(panic = message(&*panic), "the service panicked");
            Ok(internal_error())
        })?;
    Ok(response.map(|body| Tracked {
        body,
        _in_flight: in_flight,
    }))
}

/// Runs `future`; a panic in it is an error. The future is not polled again, so
/// no state that the panic left behind is seen.
async fn contained<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}

fn message(panic: &(dyn Any + Send)) -> &str {
    if let Some(message) = panic.downcast_ref::<&str>() {
        message
    } else if let Some(message) = panic.downcast_ref::<String>() {
        message
    } else {
        "not a text"
    }
}

fn internal_error() -> Response<Body> {
    const BODY: &str = r#"{"code":13,"message":"internal error in the gateway","details":[]}"#;
    let mut response = Response::new(Body::from(BODY));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

impl http_body::Body for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
