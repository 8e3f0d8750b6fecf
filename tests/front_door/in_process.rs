//! The gateway as a part of somebody's axum application, before a tonic service
//! in the same process, with no socket anywhere.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use trestle::fetchit;
use trestle::gateway::Gateway;
use trestle::upstream::{Settings, Upstream};

async fn gateway() -> Gateway {
    let upstream = Upstream::service(fetchit::routes().await, &Settings::default());
    Gateway::builder(trestle::descriptors::embedded())
        .build(upstream)
        .unwrap()
}

async fn answer(router: Router, request: Request<Body>) -> (u16, String) {
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn capitalize(path: &str) -> Request<Body> {
    let body = Body::from(r#"{"id":7,"data":"aGVsbG8gd29ybGQ="}"#);
    Request::post(path).header("host", "t").body(body).unwrap()
}

const ANSWER: &str = r#"{"id":7,"data":"SEVMTE8gV09STEQ="}"#;

#[tokio::test]
async fn router_answers_with_no_socket() {
    let router = gateway().await.into_router();
    assert_eq!(
        answer(router, capitalize("/api/capitalize")).await,
        (200, ANSWER.to_owned())
    );
}

#[tokio::test]
async fn router_stands_beside_and_below_other_routes() {
    let own = || get(|| async { "own" });
    let beside = Router::new()
        .route("/own", own())
        .fallback_service(gateway().await.into_router());
    assert_eq!(
        answer(beside.clone(), capitalize("/api/capitalize"))
            .await
            .0,
        200
    );
    let request = Request::get("/own")
        .header("host", "t")
        .body(Body::empty())
        .unwrap();
    assert_eq!(answer(beside, request).await, (200, "own".to_owned()));
    let below = Router::new().nest("/grpc", gateway().await.into_router());
    assert_eq!(
        answer(below, capitalize("/grpc/api/capitalize")).await,
        (200, ANSWER.to_owned())
    );
}

#[tokio::test]
async fn stream_that_breaks_off_is_no_end_to_a_service_in_process() {
    let router = gateway().await.into_router();
    let body = Body::from("{\"id\":1,\"data\":\"YQ==\"}\n{\"id\":");
    let request = Request::post("/api/capitalize/all")
        .header("host", "t")
        .body(body)
        .unwrap();
    let (status, text) = answer(router, request).await;
    assert!(
        status == 400 && text.contains("message 2"),
        "{status} {text}"
    );
}
