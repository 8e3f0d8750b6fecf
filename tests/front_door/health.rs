//! `/healthz`: what the backend says of itself, and what becomes of it.

use crate::backend::Backend;
use crate::{serve, start};
use trestle::fetchit;
use trestle::gateway::{Gateway, Settings};
use trestle::upstream::{self, Upstream};

#[tokio::test(flavor = "multi_thread")]
async fn health_is_the_backends_word() {
    let upstream = Upstream::service(fetchit::routes().await, &upstream::Settings::default());
    let gateway = serve(
        Gateway::builder(trestle::descriptors::embedded())
            .build(upstream)
            .unwrap(),
    );
    for (target, status, body) in [
        ("/healthz", 200, r#"{"status":"SERVING"}"#),
        ("/healthz?service=rpc.Fetch", 200, r#"{"status":"SERVING"}"#),
        ("/healthz?service=rpc.Nothing", 404, ""),
    ] {
        let answer = gateway
            .send(&format!("GET {target} HTTP/1.1\r\nHost: t\r\n\r\n"))
            .await;
        assert_eq!(answer.status, status, "{target}");
        assert!(
            body.is_empty() || answer.body == body.as_bytes(),
            "{target}"
        );
    }
    let answer = gateway
        .send("DELETE /healthz HTTP/1.1\r\nHost: t\r\n\r\n")
        .await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, Some("GET, HEAD, OPTIONS"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn health_of_an_absent_backend_is_503() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let gateway = start(&url, Settings::default()).await;
    let answer = gateway
        .send("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n")
        .await;
    assert_eq!((answer.status, &answer.json()["code"]), (503, &14.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_asks_for_the_named_service() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    gateway
        .send("GET /healthz?service=a%20b HTTP/1.1\r\nHost: t\r\n\r\n")
        .await;
    let seen = backend.seen().pop().unwrap();
    assert_eq!(seen.path, "/grpc.health.v1.Health/Check");
    assert_eq!(seen.message, &b"\x0a\x03a b"[..]);
}
