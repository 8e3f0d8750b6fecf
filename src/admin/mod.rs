//! Pages for those who run the program, served on a listener of its own, by
//! others: health, metrics, and what the program is doing.
//!
//! | path | answers |
//! |---|---|
//! | `/livez` | 200 while the process runs |
//! | `/readyz` | 200, or 503 with the reason: draining, or the backend is not well |
//! | `/metrics` | Prometheus's text, or OpenMetrics by `Accept` |
//! | `/debug` | calls, latencies, log, routes; to this machine only |
//! | `/` | this list |

mod local;
mod metrics;
mod pages;
mod readiness;

pub use pages::RouteLine;
pub use readiness::{Probe, Readiness};

use crate::telemetry::observe::Telemetry;
use axum::{
    Router,
    body::Body,
    extract::State as Extract,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::Response,
    routing::get,
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval};
use tower_http::compression::CompressionLayer;

/// What the pages show.
pub struct State {
    readiness: Readiness,
    probe: Arc<Probe>,
    telemetry: Telemetry,
    routes: Arc<[RouteLine]>,
}

/// A stale answer about what goes on is a wrong one.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// How often counts are noted, for what came in the last minute to be known.
const NOTE_INTERVAL: Duration = Duration::from_secs(2);

impl State {
    /// Pages about whether requests are wanted at all, and whether the backend is
    /// well; nothing else is shown.
    pub fn new(readiness: Readiness, probe: Arc<Probe>) -> Self {
        Self {
            readiness,
            probe,
            telemetry: Telemetry::default(),
            routes: Arc::new([]),
        }
    }

    /// Shows the metrics and the calls, too.
    pub fn telemetry(mut self, telemetry: Telemetry) -> Self {
        self.telemetry = telemetry;
        self
    }

    /// Shows what is served, too.
    pub fn routes(mut self, routes: Arc<[RouteLine]>) -> Self {
        self.routes = routes;
        self
    }
}

/// The admin pages. Their server is to tell the peers' addresses, or the debug
/// pages are refused.
pub fn router(state: State) -> Router {
    let debug = pages::router().layer(middleware::from_fn(local::only));
    Router::new()
        .route("/metrics", get(metrics::answer))
        .merge(debug)
        .layer(CompressionLayer::new())
        .route("/", get(index))
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .fallback(async || nothing_here())
        .with_state(Arc::new(state))
}

/// Notes the counts of calls now and then, without end: the debug pages know the
/// last minute and hour by it.
pub async fn take_notes(telemetry: Telemetry) {
    let mut ticks = interval(NOTE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Some(ledger) = telemetry.ledger() {
            ledger.book().look();
        }
    }
}

fn nothing_here() -> Response {
    let message = "no such admin page; see /";
    let body = json!({ "code": 5, "message": message, "details": [] });
    reply(StatusCode::NOT_FOUND, &body)
}

async fn index() -> Response {
    let pages = json!({
        "/livez": "200 while the process runs",
        "/readyz": "200 when requests can be served, else 503 and why not",
        "/metrics": "Prometheus text, or OpenMetrics by Accept",
        "/debug": "calls, latencies, log, routes; from this machine only",
    });
    reply(
        StatusCode::OK,
        &json!({ "trestle": env!("CARGO_PKG_VERSION"), "pages": pages }),
    )
}

async fn live() -> Response {
    reply(StatusCode::OK, &json!({ "status": "live" }))
}

async fn ready(Extract(state): Extract<Arc<State>>) -> Response {
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
    headers.insert(header::CACHE_CONTROL, NO_STORE);
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

    struct Pages {
        router: Router,
        readiness: Readiness,
    }

    fn state(probe: Probe) -> Pages {
        let readiness = Readiness::default();
        let state = State::new(readiness.clone(), Arc::new(probe));
        Pages {
            router: router(state),
            readiness,
        }
    }

    async fn get(pages: &Pages, path: &str) -> (u16, Value) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = pages.router.clone().oneshot(request).await.unwrap();
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
