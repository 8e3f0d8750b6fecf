//! How serving ends: what is in flight finishes, what is new is refused.

use super::{HANG, LONG, SHORT, get, receive, rest, send, settings, start};
use std::io::ErrorKind;
use tokio::{io::AsyncReadExt as _, net::TcpStream, time::timeout};
use trestle::server::Settings;

#[tokio::test]
async fn a_drain_finishes_what_is_in_flight_and_refuses_what_is_new() {
    let server = start(settings(2));
    let mut busy = server.connect().await;
    send(&mut busy, "/wait").await;
    server.called.notified().await;
    let mut idle = server.connect().await;
    get(&mut idle, "/").await;
    let mut silent = server.connect().await;

    server.drain.begin();
    assert!(server.drain.is_draining());
    assert_eq!(rest(&mut idle).await, "");
    // Accepted or not, it ends without an answer; not accepted means reset.
    let mut byte = [0];
    let read = timeout(HANG, silent.read(&mut byte)).await.unwrap();
    assert!(matches!(&read, Ok(0)) || read.is_err(), "{read:?}");
    let refused = TcpStream::connect(server.addr).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert!(!server.ended.is_finished());

    server.release.notify_one();
    assert_eq!(
        receive(&mut busy).await.0.lines().next(),
        Some("http/1.1 200 ok")
    );
    assert_eq!(rest(&mut busy).await, "");
    timeout(HANG, server.ended).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_drain_is_cut_when_its_grace_is_over() {
    let server = start(Settings {
        drain_grace: SHORT,
        ..settings(1)
    });
    let mut busy = server.connect().await;
    send(&mut busy, "/wait").await;
    server.called.notified().await;
    server.drain.begin();
    timeout(HANG, server.ended).await.unwrap().unwrap().unwrap();
    let mut rest = Vec::new();
    let read = timeout(HANG, busy.read_to_end(&mut rest)).await.unwrap();
    assert!(read.is_err() || rest.is_empty(), "{rest:?}");
}

#[tokio::test]
async fn a_drain_accepts_during_its_delay() {
    let server = start(Settings {
        drain_delay: LONG,
        ..settings(1)
    });
    server.drain.begin();
    let mut stream = server.connect().await;
    assert_eq!(get(&mut stream, "/").await.1, "0");
    server.ended.abort();
}
