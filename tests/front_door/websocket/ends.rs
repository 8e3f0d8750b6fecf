//! How a WebSocket ends, and what its client is told: errors, faults, refusals,
//! limits, leaving, and the drain.

use super::{PATIENCE, handshake, open, script};
use crate::backend::Backend;
use crate::{Running, raw, start};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};
use trestle::gateway::Settings;

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_the_call_are_told_in_a_frame_and_by_the_code() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let long = format!("trailers-only 5 grpc-message={}", "%C3%A9".repeat(100));
    for (call, messages, code) in [
        ("stream 2 9 grpc-message=no", 2, 4009),
        ("trailers-only 16", 0, 4016),
        ("no-status", 1, 4002),
        (&long, 0, 4005),
    ] {
        let mut client = open(&gateway, "/v1/watch", &script(call)).await;
        for _ in 0..messages {
            assert_eq!(client.json().await, json!({}), "{call}");
        }
        let (error, closed) = client.failed().await;
        assert_eq!(
            (closed, &error["code"]),
            (code, &json!(code - 4000)),
            "{call}"
        );
    }
    let mut deaf = start("http://127.0.0.1:1", Settings::default()).await;
    let mut client = open(&deaf, "/v1/watch", &[]).await;
    assert_eq!(client.failed().await.1, 4014);
    deaf = start(&backend.url(), Settings::default()).await;
    let headers = [
        ("grpc-metadata-script", "stream-then-silence 1"),
        ("grpc-timeout", "300m"),
    ];
    let mut client = open(&deaf, "/v1/watch", &headers).await;
    assert_eq!(client.json().await, json!({}));
    assert_eq!(client.failed().await.1, 4004);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_client_have_their_codes_and_cancel_the_call() {
    let backend = Backend::start().await;
    let mut settings = Settings::default();
    settings.route.max_body = 64;
    let gateway = start(&backend.url(), settings).await;
    let large = format!(r#"{{"text":"{}"}}"#, "x".repeat(1 << 20));
    let cases: [(&str, &[&str], u16, &str); 7] = [
        ("/v1/chat", &["{}", "not JSON"], 1007, "message 2"),
        ("/v1/chat", &[r#"{"i32":"x"}"#], 1007, "i32"),
        ("/v1/chat", &["null"], 1007, "message 1"),
        ("/v1/chat", &[&large], 1009, "64"),
        ("/v1/chat", &["", "{}"], 1003, "after the empty frame"),
        ("/v1/watch", &[r#"{"i32":1}"#], 1003, "takes no messages"),
        ("/v1/watch", &["{}", "", "[]"], 1003, "takes no messages"),
    ];
    for (path, frames, code, part) in cases {
        let mut client = open(&gateway, path, &script("headers-then-silence")).await;
        for frame in frames {
            // A large one may be refused before it is all sent.
            let _ = client.0.send(Message::text(*frame)).await;
        }
        let (error, closed) = client.failed().await;
        assert_eq!(
            (closed, error["code"] == json!(0)),
            (code, false),
            "{path} {part}"
        );
        assert!(
            error["message"].as_str().unwrap().contains(part),
            "{error}: {part}"
        );
    }
    timeout(PATIENCE, backend.wait_cancelled(cases.len()))
        .await
        .expect("every call is cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_break_the_protocol_close_with_1002() {
    let gateway = super::fetchit().await;
    let mut stream = upgraded(&gateway, "/api/capitalize/stream").await;
    // Not masked, as RFC 6455 §5.1 demands of a client.
    stream.write_all(b"\x81\x02{}").await.unwrap();
    let mut frame = [0; 4];
    timeout(PATIENCE, stream.read_exact(&mut frame))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((frame[0], &frame[2..]), (0x88, &1002_u16.to_be_bytes()[..]));
}

/// A connection after its handshake.
async fn upgraded(gateway: &Running, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: t\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = raw::read(&mut stream, false).await;
    assert_eq!(answer.status, 101);
    // RFC 6455 §1.3 has this key and its answer.
    assert_eq!(
        answer.header("sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_are_refused_over_http() {
    let backend = Backend::start().await;
    let mut settings = Settings::default();
    settings.websocket.origins = vec!["https://app.example".to_owned()];
    let gateway = start(&backend.url(), settings).await;
    let own = format!("http://{}", gateway.address);
    for (path, headers, status) in [
        ("/v1/chat", &[("origin", own.as_str())][..], 101),
        ("/v1/chat", &[("origin", "https://app.example")], 101),
        ("/v1/chat", &[("origin", "https://evil.example")], 403),
        ("/v1/chat", &[("sec-websocket-version", "12")], 426),
        ("/v1/chat", &[("sec-websocket-key", "short")], 400),
        ("/v1/chat", &[("grpc-timeout", "soon")], 400),
        ("/v1/watch?nothing=1", &[], 400),
        ("/v1/watch?i32=x", &[], 400),
        // Not of a streaming method: HTTP's answers.
        ("/v1/echo", &[], 405),
        ("/v1/query", &[], 200),
        ("/v1/none", &[], 404),
    ] {
        let answered = match handshake(&gateway, path, headers).await {
            Ok((_, response)) => response.status().as_u16(),
            Err(Error::Http(response)) => {
                if response.status() == 426 {
                    assert_eq!(response.headers()["sec-websocket-version"], "13");
                    assert_eq!(response.headers()["upgrade"], "websocket");
                }
                response.status().as_u16()
            }
            Err(error) => panic!("{path}: {error}"),
        };
        assert_eq!(answered, status, "{path} {headers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn client_is_pinged_and_cut_when_it_does_not_answer() {
    let backend = Backend::start().await;
    let mut settings = Settings::default();
    settings.websocket.ping_interval = Duration::from_millis(50);
    settings.websocket.pong_timeout = Duration::from_millis(200);
    let gateway = start(&backend.url(), settings).await;
    // The library answers pings while it is read.
    let mut client = open(&gateway, "/v1/watch", &script("headers-then-silence")).await;
    for _ in 0..10 {
        assert_eq!(client.next().await, Message::Ping(Bytes::new()));
    }
    client
        .0
        .send(Message::Ping(Bytes::from_static(b"here?")))
        .await
        .unwrap();
    loop {
        match client.next().await {
            Message::Ping(_) => {}
            other => break assert_eq!(other, Message::Pong(Bytes::from_static(b"here?"))),
        }
    }
    // This one never does.
    let mut silent = upgraded(&gateway, "/v1/chat").await;
    let mut all = Vec::new();
    timeout(PATIENCE, silent.read_to_end(&mut all))
        .await
        .expect("it is cut")
        .unwrap();
    assert_eq!(all, b"\x89\0", "one ping");
    timeout(PATIENCE, backend.wait_cancelled(1))
        .await
        .expect("its call is cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn client_that_leaves_cancels_the_call() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let dropped = open(&gateway, "/v1/watch", &script("headers-then-silence")).await;
    backend.wait_begun(1).await;
    drop(dropped);
    timeout(PATIENCE, backend.wait_cancelled(1))
        .await
        .expect("cancelled by a broken connection");

    let mut closed = open(&gateway, "/v1/watch", &script("headers-then-silence")).await;
    backend.wait_begun(2).await;
    closed.0.close(None).await.unwrap();
    timeout(PATIENCE, backend.wait_cancelled(2))
        .await
        .expect("cancelled by a close");
    assert!(
        matches!(closed.next().await, Message::Close(_)),
        "the close is answered"
    );

    // A client stream that is closed cleanly is complete.
    let mut upload = open(&gateway, "/v1/upload", &[]).await;
    upload.send(r#"{"i32":5}"#).await;
    upload.0.close(None).await.unwrap();
    while timeout(PATIENCE, upload.0.next())
        .await
        .expect("an end")
        .is_some()
    {}
    let seen = backend.seen();
    assert_eq!(seen.last().unwrap().message, &b"\x08\x05"[..]);
    assert_eq!(backend.cancelled(), 2, "the upload was not cancelled");
}
