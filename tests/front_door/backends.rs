//! The way to the backend: absent, black-holed, closing, going away.

use crate::backend::Backend;
use crate::{start, start_with};
use base64::Engine as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use trestle::{gateway, upstream};

#[tokio::test(flavor = "multi_thread")]
async fn absent_backend_is_a_503_that_tells_no_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let gateway = start(&format!("http://{address}"), gateway::Settings::default()).await;
    for _ in 0..20 {
        let begun = Instant::now();
        let answer = gateway.post("/v1/echo", &[], "{}").await;
        assert_eq!((answer.status, &answer.json()["code"]), (503, &14.into()));
        assert_eq!(answer.header("retry-after"), Some("1"));
        let text = String::from_utf8(answer.body).unwrap();
        assert!(
            !text.contains("127.0.0.1") && !text.contains("os error"),
            "{text}"
        );
        assert!(
            begun.elapsed() < Duration::from_millis(500),
            "a dead backend must fail calls at once"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn backend_that_comes_back_is_found() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let gateway = start(&format!("http://{address}"), gateway::Settings::default()).await;
    assert_eq!(gateway.post("/v1/echo", &[], "{}").await.status, 503);
    let _backend = Backend::start_at(address).await;
    let begun = Instant::now();
    while gateway.post("/v1/echo", &[], "{}").await.status != 200 {
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "not found again within two seconds"
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn backend_that_accepts_and_closes_is_not_hammered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (count, connects) = tokio::sync::watch::channel(0_usize);
    tokio::spawn(async move {
        loop {
            drop(listener.accept().await.unwrap());
            count.send_modify(|count| *count += 1);
        }
    });
    let gateway = start(&url, gateway::Settings::default()).await;
    for _ in 0..50 {
        let answer = gateway.post("/v1/echo", &[], "{}").await;
        assert_eq!((answer.status, &answer.json()["code"]), (503, &14.into()));
    }
    assert!(
        *connects.borrow() <= 10,
        "{} connects for 50 calls",
        *connects.borrow()
    );
}

/// A listener whose backlog is full, so that a SYN is answered by nothing.
async fn black_hole() -> (SocketAddr, socket2::Socket, Vec<TcpStream>) {
    use socket2::{Domain, Socket, Type};
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket
        .bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into())
        .unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut held = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address)).await
    {
        held.push(stream);
        assert!(held.len() < 50, "the backlog never fills");
    }
    (address, socket, held)
}

#[tokio::test(flavor = "multi_thread")]
async fn black_holed_connect_ends_at_whichever_limit_comes_first() {
    let (address, _socket, _held) = black_hole().await;
    let gateway = start(&format!("http://{address}"), gateway::Settings::default()).await;
    let begun = Instant::now();
    let answer = gateway
        .post("/v1/echo", &["Grpc-Timeout: 200m"], "{}")
        .await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (504, &4.into()),
        "the deadline comes first"
    );
    assert!(
        begun.elapsed() < Duration::from_millis(600),
        "{:?}",
        begun.elapsed()
    );
    let begun = Instant::now();
    let answer = gateway.post("/v1/echo", &[], "{}").await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (503, &14.into()),
        "the connect timeout comes first"
    );
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn backend_that_never_speaks_ends_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            held.push(listener.accept().await.unwrap());
        }
    });
    let gateway = start(&url, gateway::Settings::default()).await;
    let answer = gateway
        .post("/v1/echo", &["Grpc-Timeout: 200m"], "{}")
        .await;
    assert_eq!((answer.status, &answer.json()["code"]), (504, &4.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn backend_that_speaks_no_http2_is_a_503() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut preface = [0; 24];
            let _ = stream.read_exact(&mut preface).await;
            let _ = tokio::io::AsyncWriteExt::write_all(
                &mut stream,
                b"HTTP/1.1 400 Bad Request\r\n\r\n",
            )
            .await;
        }
    });
    let gateway = start(&url, gateway::Settings::default()).await;
    let answer = gateway.post("/v1/echo", &[], "{}").await;
    assert_eq!((answer.status, &answer.json()["code"]), (503, &14.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn graceful_goaway_loses_no_call() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), gateway::Settings::default()).await;
    for number in 1..=40 {
        let header = if number % 4 == 0 {
            "Grpc-Metadata-Script: goaway-after"
        } else {
            "X-None: 1"
        };
        let answer = gateway
            .post("/v1/echo", &[header], &format!(r#"{{"i32":{number}}}"#))
            .await;
        assert_eq!(
            (answer.status, &answer.json()["i32"]),
            (200, &number.into())
        );
    }
    assert_eq!(backend.seen().len(), 40, "each call was handled once");
    assert!(
        backend.connections() >= 10,
        "{} connections",
        backend.connections()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reply_over_the_limit_is_the_gateways_fault() {
    let backend = Backend::start().await;
    let mut up = upstream::Settings::default();
    up.max_reply_message = 8;
    let gateway = start_with(&backend.url(), gateway::Settings::default(), up).await;
    let answer = gateway
        .post("/v1/echo", &[], r#"{"text":"0123456789"}"#)
        .await;
    assert_eq!((answer.status, &answer.json()["code"]), (500, &8.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn details_are_resolved_each_by_itself() {
    // google.rpc.Status with a BadRequest, a message of the API itself, an unknown
    // type, and a known type with bytes that do not fit it.
    let any = |url: &str, value: &[u8]| {
        let mut any = vec![0x0a, url.len() as u8];
        any.extend_from_slice(url.as_bytes());
        any.extend_from_slice(&[0x12, value.len() as u8]);
        any.extend_from_slice(value);
        let mut field = vec![0x1a, any.len() as u8];
        field.extend_from_slice(&any);
        field
    };
    let mut status = vec![0x08, 3, 0x12, 1, b'm'];
    status.extend(any(
        "type.googleapis.com/google.rpc.BadRequest",
        b"\x0a\x08\x0a\x03f.g\x12\x01d",
    ));
    status.extend(any("type.googleapis.com/every.v1.Nested", b"\x0a\x01n"));
    status.extend(any("type.googleapis.com/nobody.Knows", b"\x08\x01"));
    status.extend(any(
        "type.googleapis.com/google.rpc.RetryInfo",
        b"\x08\x01\xff",
    ));
    let encoded = base64::engine::general_purpose::STANDARD.encode(&status);
    let script = format!(
        "Grpc-Metadata-Script: trailers 3 grpc-message=m grpc-status-details-bin={encoded}"
    );
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), gateway::Settings::default()).await;
    let answer = gateway.post("/v1/echo", &[&script], "{}").await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json(),
        serde_json::json!({ "code": 3, "message": "m", "details": [
        { "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{ "field": "f.g", "description": "d" }] },
        { "@type": "type.googleapis.com/every.v1.Nested", "name": "n" },
        { "@type": "type.googleapis.com/nobody.Knows", "value": "CAE=" },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", "value": "CAH/" },
    ] })
    );
}
