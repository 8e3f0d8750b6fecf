//! Health for those who run the program: whether the process lives, and whether
//! it should be sent requests. Served on a listener of its own, by others.
//!
//! | path | answers |
//! |---|---|
//! | `/livez` | 200 while the process runs |
//! | `/readyz` | 200, or 503 with the reason: draining, or the backend is not well |
//! | `/` | this list |

mod readiness;

pub use readiness::{Probe, Readiness};

use axum::{
    Router,
    body::Body,
    extract::State as Extract,
    http::{HeaderValue, StatusCode, header},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// What the pages show.
#[derive(Clone)]
pub struct State {
    /// Whether requests are wanted at all.
    pub readiness: Readiness,
    /// Whether the backend is well.
    pub probe: Arc<Probe>,
}

/// The admin pages.
pub fn router(state: State) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .fallback(async || {
            let message = "no such admin page; see /";
            let body = json!({ "code": 5, "message": message, "details": [] });
            reply(StatusCode::NOT_FOUND, &body)
        })
        .with_state(state)
}

async fn index() -> Response {
    let pages = json!({
        "/livez": "200 while the process runs",
        "/readyz": "200 when requests can be served, else 503 and why not",
    });
    reply(
        StatusCode::OK,
        &json!({ "trestle": env!("CARGO_PKG_VERSION"), "pages": pages }),
    )
}

async fn live() -> Response {
    reply(StatusCode::OK, &json!({ "status": "live" }))
}

async fn ready(Extract(state): Extract<State>) -> Response {
    let checked = if state.readiness.is_withdrawn() {
        Err("the gateway is shutting down".to_owned())
    } else {
        state.probe.check().await
    };
    match checked {
        Ok(()) => reply(StatusCode::OK, &json!({ "status": "ready" })),
        Err(reason) => {
            let body = json!({ "status": "not ready", "reason": reason });
            reply(StatusCode::SERVICE_UNAVAILABLE, &body)
        }
    }
}

fn reply(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    // A stale answer about health is a wrong one.
    let fresh = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, fresh);
    response
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use axum::http::Request;
    use http_body_util::BodyExt as _;
    use std::{
        future::{pending, ready},
        sync::atomic::{AtomicUsize, Ordering::Relaxed},
        time::Duration,
    };
    use tower::ServiceExt as _;

    fn state(probe: Probe) -> State {
        let readiness = Readiness::default();
        State {
            readiness,
            probe: Arc::new(probe),
        }
    }

    async fn get(state: &State, path: &str) -> (u16, Value) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router(state.clone()).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_well_gateway_is_live_and_ready() {
        let state = state(Probe::new(|| Box::pin(ready(Ok(())))));
        assert_eq!(
            get(&state, "/livez").await,
            (200, json!({ "status": "live" }))
        );
        assert_eq!(
            get(&state, "/readyz").await,
            (200, json!({ "status": "ready" }))
        );
        assert!(get(&state, "/").await.1["pages"]["/readyz"].is_string());
        assert_eq!(get(&state, "/other").await.0, 404);
    }

    #[tokio::test]
    async fn a_draining_gateway_is_live_but_not_ready() {
        let state = state(Probe::new(|| panic!("a draining gateway needs no probe")));
        state.readiness.withdraw();
        assert_eq!(get(&state, "/livez").await.0, 200);
        let (status, body) = get(&state, "/readyz").await;
        assert_eq!(status, 503);
        assert_eq!(body["status"], "not ready");
    }

    #[tokio::test]
    async fn the_probes_reason_is_shown() {
        let state = state(Probe::new(|| {
            Box::pin(ready(Err("connection refused".into())))
        }));
        let expected = json!({ "status": "not ready", "reason": "connection refused" });
        assert_eq!(get(&state, "/readyz").await, (503, expected));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_hangs_is_given_up() {
        let state = state(Probe::new(|| Box::pin(pending())));
        let (status, body) = get(&state, "/readyz").await;
        assert_eq!(status, 503);
        assert_eq!(
            body["reason"],
            "the backend did not answer a health check within 1s"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_is_asked_again_only_when_its_answer_is_old() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let state = state(Probe::new(move || {
            counter.fetch_add(1, Relaxed);
            Box::pin(ready(Ok(())))
        }));
        get(&state, "/readyz").await;
        get(&state, "/readyz").await;
        assert_eq!(asked.load(Relaxed), 1);
        tokio::time::advance(Duration::from_secs(2)).await;
        get(&state, "/readyz").await;
        assert_eq!(asked.load(Relaxed), 2);
    }
}
