//! How calls run: sizes, times, connections, the two HTTP versions.

use crate::backend::Backend;
use crate::{raw, start};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use trestle::gateway::Settings;

#[tokio::test(flavor = "multi_thread")]
async fn chunked_body_is_taken() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let request = "POST /v1/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"i32\r\n4\r\n\":7}\r\n0\r\n\r\n";
    let answer = gateway.send(request).await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, serde_json::json!({ "i32": 7 }))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn body_over_the_limit_is_refused_announced_or_not() {
    let backend = Backend::start().await;
    let mut settings = Settings::default();
    settings.route.max_body = 16;
    let gateway = start(&backend.url(), settings).await;
    let answer = gateway
        .post("/v1/echo", &[], r#"{"text":"0123456789"}"#)
        .await;
    assert_eq!((answer.status, &answer.json()["code"]), (413, &8.into()));
    let chunked = "POST /v1/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n{\"text\":\"0123456789\"}\r\n0\r\n\r\n";
    assert_eq!(gateway.send(chunked).await.status, 413);
    assert_eq!(
        gateway
            .post("/v1/echo", &[], r#"{"text":"0"}"#)
            .await
            .status,
        200
    );
    assert_eq!(
        backend.seen().len(),
        1,
        "only the small body reached the backend"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn body_that_stops_arriving_is_a_408() {
    let backend = Backend::start().await;
    let mut settings = Settings::default();
    settings.body_idle_timeout = Duration::from_millis(100);
    let gateway = start(&backend.url(), settings).await;
    let answer = gateway
        .send("POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\n{")
        .await;
    assert_eq!(
        (answer.status, answer.header("connection")),
        (408, Some("close"))
    );
    assert_eq!(answer.json()["code"], 4);
    assert!(
        backend.seen().is_empty(),
        "a call with half a body was made"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn client_that_leaves_cancels_the_call() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    stream
        .write_all(b"GET /v1/query HTTP/1.1\r\nHost: t\r\nGrpc-Metadata-Script: silent\r\n\r\n")
        .await
        .unwrap();
    backend.wait_begun(1).await;
    drop(stream);
    tokio::time::timeout(Duration::from_secs(5), backend.wait_cancelled(1))
        .await
        .expect("cancelled at the backend");
}

#[tokio::test(flavor = "multi_thread")]
async fn deadline_cancels_the_call_at_the_backend() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let answer = gateway
        .post(
            "/v1/echo",
            &["Grpc-Timeout: 100m", "Grpc-Metadata-Script: silent"],
            "{}",
        )
        .await;
    assert_eq!(answer.status, 504);
    tokio::time::timeout(Duration::from_secs(5), backend.wait_cancelled(1))
        .await
        .expect("cancelled at the backend");
}

#[tokio::test(flavor = "multi_thread")]
async fn remaining_time_goes_upstream_capped_by_the_maximum() {
    let backend = Backend::start().await;
    let mut settings = Settings::default();
    settings.route.max_deadline = Duration::from_secs(20);
    let gateway = start(&backend.url(), settings).await;
    for (header, at_most) in [
        ("X-None: 1", 15.0),
        ("Grpc-Timeout: 2S", 2.0),
        ("Grpc-Timeout: 99999999H", 20.0),
    ] {
        assert_eq!(gateway.post("/v1/echo", &[header], "{}").await.status, 200);
        let seen = backend.seen().pop().unwrap();
        let timeout = seen.headers["grpc-timeout"].to_str().unwrap().to_owned();
        let micros: f64 = timeout
            .strip_suffix('u')
            .expect("microseconds")
            .parse()
            .unwrap();
        let seconds = micros / 1e6;
        assert!(
            seconds <= at_most && seconds > at_most - 1.0,
            "{header}: {timeout}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_calls_share_one_connection() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let calls = (0..50).map(|number| {
        let address = gateway.address;
        tokio::spawn(async move {
            let body = format!(r#"{{"i32":{number}}}"#);
            let request = format!(
                "POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let answer = raw::send(address, request.as_bytes()).await;
            let expected = if number == 0 { "{}".to_owned() } else { body };
            assert_eq!(
                (answer.status, String::from_utf8(answer.body).unwrap()),
                (200, expected)
            );
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    assert_eq!(backend.connections(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_with_prior_knowledge_is_served_on_the_same_port() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let stream = TcpStream::connect(gateway.address).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io)
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = http::Request::post(format!("http://{}/v1/echo", gateway.address))
        .body(Full::new(Bytes::from_static(br#"{"text":"h2"}"#)))
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (200, http::Version::HTTP_2)
    );
    assert_eq!(
        answer.into_body().collect().await.unwrap().to_bytes(),
        r#"{"text":"h2"}"#
    );

    let contradiction = http::Request::get(format!("http://{}/v1/query", gateway.address))
        .header("host", "elsewhere")
        .body(Full::default())
        .unwrap();
    assert_eq!(
        sender.send_request(contradiction).await.unwrap().status(),
        400
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn running_call_is_finished_while_draining() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let address = gateway.address;
    let request = b"GET /v1/query HTTP/1.1\r\nHost: t\r\nGrpc-Timeout: 300m\r\nGrpc-Metadata-Script: silent\r\n\r\n";
    let call = tokio::spawn(async move { raw::send(address, request).await });
    backend.wait_begun(1).await;
    gateway.drain.begin();
    assert_eq!(
        call.await.unwrap().status,
        504,
        "the call runs to its own end"
    );
    gateway.server.await.unwrap();
    assert!(
        TcpStream::connect(address).await.is_err(),
        "the listener is closed"
    );
}
