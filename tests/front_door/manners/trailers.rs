//! Trailing metadata behind the body.

use super::{Pair, pair};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use trestle::gateway::Settings;

/// All that comes on a connection that is asked to close.
async fn raw(pair: &Pair, headers: &str) -> String {
    let mut stream = TcpStream::connect(pair.gateway.address).await.unwrap();
    let request = format!(
        "POST /v1/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n{headers}\
         Grpc-Metadata-Script: message-then 0 foo=bar x-http-code=201\r\n\r\n{{\"i32\":7}}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.to_ascii_lowercase()
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_come_in_chunks_when_they_are_wanted() {
    let pair = pair(Settings::default()).await;
    let answer = raw(&pair, "TE: trailers\r\nConnection: close\r\n").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(head.contains("\r\ntrailer: grpc-trailer-foo"), "{head}");
    assert!(head.contains("\r\ntransfer-encoding: chunked"), "{head}");
    assert_eq!(
        body,
        "9\r\n{\"i32\":7}\r\n0\r\ngrpc-trailer-foo: bar\r\n\r\n"
    );

    let answer = raw(&pair, "Connection: close\r\n").await;
    assert!(answer.contains("\r\ncontent-length: 9\r\n"), "{answer}");
    assert!(!answer.contains("trailer"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_has_trailers_of_its_own() {
    let pair = pair(Settings::default()).await;
    let stream = TcpStream::connect(pair.gateway.address).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io)
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = http::Request::get(format!("http://{}/v1/query", pair.gateway.address))
        .header("te", "trailers")
        .header("grpc-metadata-script", "message-then 0 foo=bar")
        .body(Full::<Bytes>::default())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let body = answer.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["grpc-trailer-foo"], "bar");
    assert_eq!(body.to_bytes(), "{}");
}
