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
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep};
use tower::ServiceExt as _;
use tower_service::Service;

/// A response body that holds its request in flight until it is dropped.
#[derive(Debug)]
pub(super) struct Tracked {
    body: Body,
    in_flight: InFlight,
    failed: Option<Failed>,
}

/// A body that breaks off, but not before what stood in it has left: hyper throws
/// away what it still holds of a body that fails.
#[derive(Debug)]
struct Failed {
    error: axum::Error,
    look: Pin<Box<Sleep>>,
}

/// How often it is looked whether the peer takes bytes again.
const LOOK: Duration = Duration::from_millis(20);

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
        in_flight,
        failed: None,
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

impl Tracked {
    /// The error, once the peer takes bytes; one that never does is cut by the
    /// connection's own limit.
    fn poll_failed(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Frame<Bytes>, axum::Error>> {
        while let Some(failed) = &mut self.failed {
            if !self.in_flight.is_stalled() {
                break;
            }
            ready!(failed.look.as_mut().poll(context));
            failed.look.as_mut().reset(Instant::now() + LOOK);
        }
        let error = self.failed.take().map(|failed| failed.error);
        Poll::Ready(Err(error.expect("asked only after a failure")))
    }
}

impl http_body::Body for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.failed.is_none() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Err(error)) => {
                    let look = Box::pin(sleep(Duration::ZERO));
                    self.failed = Some(Failed { error, look });
                }
                frame => return Poll::Ready(frame),
            }
        }
        self.poll_failed(context).map(Some)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Settings, life::Life};
    use super::*;
    use http_body_util::BodyExt as _;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_fails_waits_for_a_peer_that_takes_nothing() {
        let life = Life::http1(&Settings::default());
        let failing = [Err::<Bytes, _>(std::io::Error::other("broken"))];
        let mut body = Tracked {
            body: Body::from_stream(futures_util::stream::iter(failing)),
            in_flight: life.begin(),
            failed: None,
        };
        life.stall();
        let mut frame = pin!(body.frame());
        let held = timeout(Duration::from_secs(10), &mut frame).await;
        assert!(held.is_err(), "{held:?}");
        life.advance();
        let error = frame.await.and_then(Result::err);
        assert_eq!(
            error.map(|error| error.to_string()).as_deref(),
            Some("broken")
        );
    }
}
