//! What the transport does to peers that are silent, slow, idle or too many.

use super::{HANG, LARGE, LONG, SHORT, get, receive, rest, send, settings, start};
use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::io::ErrorKind;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};
use trestle::server::Settings;

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let server = start(Settings {
        first_byte: SHORT,
        headers: LONG,
        ..settings(1)
    });
    let mut stream = server.connect().await;
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn half_a_head_is_closed() {
    let server = start(Settings {
        first_byte: LONG,
        headers: SHORT,
        ..settings(1)
    });
    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
    assert_eq!(rest(&mut stream).await, "");

    // A later head on the same connection is held to the same.
    let mut stream = server.connect().await;
    get(&mut stream, "/").await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
    assert_eq!(rest(&mut stream).await, "");

    // As is half an HTTP/2 preface.
    let mut stream = server.connect().await;
    stream.write_all(b"PRI * HTTP/2").await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let server = start(Settings {
        idle_h1: SHORT,
        idle_h2: SHORT,
        ..settings(1)
    });
    let mut busy = server.connect().await;
    send(&mut busy, "/wait").await;
    server.called.notified().await;

    let mut idle = server.connect().await;
    get(&mut idle, "/").await;
    assert_eq!(rest(&mut idle).await, "");

    let io = TokioIo::new(server.connect().await);
    let handshake = http2::handshake::<_, _, Empty<bytes::Bytes>>(TokioExecutor::new(), io);
    let (_sender, connection) = handshake.await.unwrap();
    timeout(HANG, connection).await.unwrap().unwrap();

    server.release.notify_one();
    assert_eq!(receive(&mut busy).await.1, "0");
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_cut_and_a_slow_one_is_not() {
    let server = start(Settings {
        write_stall: SHORT,
        ..settings(1)
    });
    let mut stream = server.connect().await;
    send(&mut stream, "/large").await;
    // The server stops sending, cuts, and its drain has nothing to wait for.
    let mut start = [0; 12];
    timeout(HANG, stream.read_exact(&mut start))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    let mut reader = server.connect().await;
    let (_, body) = get(&mut reader, "/large").await;
    assert_eq!(body.len(), LARGE);
    server.finish().await;

    let mut received = Vec::new();
    let end = timeout(HANG, stream.read_to_end(&mut received))
        .await
        .unwrap();
    assert!(end.is_err() || received.len() < LARGE, "{}", received.len());
}

#[tokio::test]
async fn connections_above_the_limit_wait_for_a_place() {
    let server = start(Settings {
        max_connections: 1,
        ..settings(2)
    });
    let mut first = server.connect().await;
    get(&mut first, "/").await;
    let mut second = server.connect().await;
    send(&mut second, "/").await;
    get(&mut first, "/").await;
    let mut byte = [0];
    assert_eq!(
        second.try_read(&mut byte).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    drop(first);
    assert!(receive(&mut second).await.0.starts_with("http/1.1 200"));
    server.finish().await;
}
