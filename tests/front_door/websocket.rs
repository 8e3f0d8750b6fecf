//! WebSocket: both kinds of frames, every kind of streaming method, how a call ends
//! and what the client is told, limits, origins, and who waits for whom.

use crate::backend::Backend;
use crate::{Running, raw, serve, start};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message, http};
use tokio_tungstenite::{WebSocketStream, client_async};
use trestle::fetchit;
use trestle::gateway::{Gateway, Settings};
use trestle::upstream::{self, Upstream};

const PATIENCE: Duration = Duration::from_secs(10);

struct Client(WebSocketStream<TcpStream>);

/// What a connection ended with.
type Close = (u16, String);

async fn open(gateway: &Running, path: &str, headers: &[(&'static str, &str)]) -> Client {
    match handshake(gateway, path, headers).await {
        Ok((client, _)) => client,
        Err(error) => panic!("{path}: {error}"),
    }
}

async fn handshake(
    gateway: &Running,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<(Client, http::Response<Option<Vec<u8>>>), Error> {
    let stream = TcpStream::connect(gateway.address).await.unwrap();
    let mut request = format!("ws://{}{path}", gateway.address).into_client_request()?;
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let (client, response) = timeout(PATIENCE, client_async(request, stream))
        .await
        .expect("an answer")?;
    Ok((Client(client), response))
}

impl Client {
    async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn next(&mut self) -> Message {
        let next = timeout(PATIENCE, self.0.next()).await.expect("a frame");
        next.expect("a frame before the end")
            .expect("a sound frame")
    }

    async fn json(&mut self) -> Value {
        match self.next().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("no text frame: {other:?}"),
        }
    }

    async fn close(&mut self) -> Close {
        match self.next().await {
            Message::Close(Some(CloseFrame { code, reason })) => (code.into(), reason.to_string()),
            other => panic!("no close frame: {other:?}"),
        }
    }

    /// The error frame, and the code that follows it.
    async fn failed(&mut self) -> (Value, u16) {
        let error = self.json().await["error"].clone();
        let (code, reason) = self.close().await;
        let message = error["message"].as_str().expect("a status");
        assert!(message.starts_with(&reason), "{reason:?} of {message:?}");
        (error, code)
    }
}

fn script(text: &str) -> [(&'static str, &str); 1] {
    [("grpc-metadata-script", text)]
}

async fn fetchit() -> Running {
    let upstream = Upstream::service(fetchit::routes().await, &upstream::Settings::default());
    serve(
        Gateway::builder(trestle::descriptors::embedded())
            .build(upstream)
            .unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn bidirectional_calls_answer_each_message_in_its_kind() {
    let gateway = fetchit().await;
    let mut client = open(&gateway, "/api/capitalize/stream", &[]).await;
    client.send(r#"{"id":1,"data":"YQ=="}"#).await;
    assert_eq!(client.json().await, json!({"id": 1, "data": "QQ=="}));
    let binary = Message::binary(&b"\x08\x02\x12\x01b"[..]);
    client.0.send(binary).await.unwrap();
    assert_eq!(
        client.next().await,
        Message::binary(&b"\x08\x02\x12\x01B"[..])
    );
    client.send(r#"{"id":3}"#).await;
    assert_eq!(client.json().await, json!({"id": 3}));
    client.send("").await;
    assert_eq!(client.close().await, (1000, String::new()));
    assert!(timeout(PATIENCE, client.0.next()).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn client_stream_ends_with_an_empty_frame_and_gets_one_answer() {
    let gateway = fetchit().await;
    let mut client = open(&gateway, "/api/capitalize/all", &[]).await;
    client.send(r#"{"id":3,"data":"YQ=="}"#).await;
    client.send(r#"{"data":"Yg=="}"#).await;
    client.send("").await;
    assert_eq!(client.json().await, json!({"id": 3, "data": "QUI="}));
    assert_eq!(client.close().await.0, 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn server_stream_takes_its_request_from_the_path_the_query_or_a_frame() {
    let gateway = fetchit().await;
    let words = |id: i32| {
        [
            json!({"id": id, "data": "QQ=="}),
            json!({"id": id, "data": "Qg=="}),
        ]
    };
    let mut client = open(&gateway, "/api/capitalize/words?id=7&data=YSBi", &[]).await;
    for word in words(7) {
        assert_eq!(client.json().await, word);
    }
    assert_eq!(client.close().await.0, 1000);

    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let mut client = open(&gateway, "/v1/watch/a%2Fb?i32=1", &script("stream 2")).await;
    for _ in 0..2 {
        assert_eq!(client.json().await, json!("a/b"));
    }
    assert_eq!(client.close().await.0, 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn path_and_query_bind_over_messages_of_both_kinds() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let path = "/v1/upload/t?i32=7";
    let expected = json!({"text": "t", "i32": 7, "nested": {"name": "a"}});
    let mut client = open(&gateway, path, &[]).await;
    client.send(r#"{"name":"a"}"#).await;
    client.send("").await;
    assert_eq!(client.json().await, expected);

    // A whole message; the path wins over its `text`.
    let mut client = open(&gateway, path, &[]).await;
    let message = b"\x72\x01x\x8a\x01\x03\x0a\x01a";
    client.0.send(Message::binary(&message[..])).await.unwrap();
    client.send("").await;
    let Message::Binary(reply) = client.next().await else {
        panic!("no binary reply")
    };
    assert!(
        reply.starts_with(message) && reply.ends_with(b"\x72\x01t"),
        "{reply:?}"
    );

    // A message that would swallow what the path gives.
    let mut client = open(&gateway, path, &[]).await;
    client
        .0
        .send(Message::binary(&b"\x7a\x05"[..]))
        .await
        .unwrap();
    let (error, code) = client.failed().await;
    assert_eq!((code, &error["code"]), (1007, &json!(3)));
    assert!(
        error["message"].as_str().unwrap().contains("message 1"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn subprotocols_fix_the_kind_of_frames() {
    let gateway = fetchit().await;
    let path = "/api/capitalize/words?data=YQ%3D%3D";
    for (offer, chosen, expected) in [
        (
            "trestle.proto",
            Some("trestle.proto"),
            Message::binary(&b"\x12\x01A"[..]),
        ),
        (
            "x, trestle.json",
            Some("trestle.json"),
            Message::text(r#"{"data":"QQ=="}"#),
        ),
    ] {
        let offer = [("sec-websocket-protocol", offer)];
        let (mut client, response) = handshake(&gateway, path, &offer).await.unwrap();
        let protocol = response.headers().get("sec-websocket-protocol");
        assert_eq!(protocol.map(|name| name.to_str().unwrap()), chosen);
        assert_eq!(client.next().await, expected);
    }
    for (offer, frame) in [
        ("trestle.json", Message::binary(Bytes::new())),
        ("trestle.proto", Message::text("{}")),
    ] {
        let offer = [("sec-websocket-protocol", offer)];
        let mut client = open(&gateway, "/api/capitalize/stream", &offer).await;
        client.0.send(frame).await.unwrap();
        assert_eq!(client.failed().await.1, 1003);
    }
}

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
    settings.max_body = 64;
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
    let gateway = fetchit().await;
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

#[tokio::test(flavor = "multi_thread")]
async fn slow_client_stops_the_backend() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let mut slow = open(&gateway, "/v1/watch?text=0123456789", &script("endless")).await;
    backend.wait_sent(1000).await;
    // It stops when what is on the way is full: nothing is sent while calls are made.
    let mut before = 0;
    while backend.sent() != before {
        before = backend.sent();
        for _ in 0..20 {
            assert_eq!(gateway.post("/v1/echo", &[], "{}").await.status, 200);
        }
    }
    assert!(
        before < 2_000_000,
        "{before} messages were taken from the backend"
    );
    while backend.sent() <= before {
        assert_eq!(slow.json().await["text"], "0123456789");
    }
    drop(slow);
    timeout(PATIENCE, backend.wait_cancelled(1))
        .await
        .expect("cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn client_is_not_read_while_the_backend_takes_nothing() {
    const MESSAGES: usize = 2048;
    let gateway = fetchit().await;
    let client = open(&gateway, "/api/capitalize/stream", &[]).await;
    let (mut sink, mut stream) = client.0.split();
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let sending = tokio::spawn(async move {
        let mut message = b"\x12\x80\x80\x01".to_vec();
        message.resize(4 + (16 << 10), b'a');
        let message = Bytes::from(message);
        for _ in 0..MESSAGES {
            let message = Message::Binary(message.clone());
            sink.send(message).await.unwrap();
            count.fetch_add(1, Relaxed);
        }
        sink.send(Message::text("")).await.unwrap();
    });
    // Replies are not read: so the backend stops, and with it the client.
    let mut before = 0;
    while before == 0 || sent.load(Relaxed) != before {
        before = sent.load(Relaxed);
        for _ in 0..20 {
            let status = gateway.post("/api/capitalize", &[], "{}").await.status;
            assert_eq!(status, 200);
        }
    }
    assert!(before < MESSAGES, "all was taken");
    for _ in 0..MESSAGES {
        let reply = timeout(PATIENCE, stream.next()).await.expect("a reply");
        let Message::Binary(reply) = reply.unwrap().unwrap() else {
            panic!("no binary reply");
        };
        let expected = (4 + (16 << 10), Some(&b'A'));
        assert_eq!((reply.len(), reply.last()), expected);
    }
    sending.await.unwrap();
    let end = timeout(PATIENCE, stream.next()).await.expect("an end");
    let Some(Ok(Message::Close(Some(frame)))) = end else {
        panic!("no close: {end:?}");
    };
    assert_eq!(u16::from(frame.code), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn drain_closes_with_1001_and_waits_for_it() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let mut client = open(&gateway, "/v1/chat", &[]).await;
    backend.wait_begun(1).await;
    gateway.drain.begin();
    assert_eq!(client.close().await.0, 1001);
    assert!(timeout(PATIENCE, client.0.next()).await.unwrap().is_none());
    timeout(PATIENCE, gateway.server)
        .await
        .expect("the server ends")
        .unwrap();
    timeout(PATIENCE, backend.wait_cancelled(1))
        .await
        .expect("cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn axum_serves_websockets_too() {
    let upstream = Upstream::service(fetchit::routes().await, &upstream::Settings::default());
    let gateway = Gateway::builder(trestle::descriptors::embedded())
        .build(upstream)
        .unwrap();
    let (begin, begun) = tokio::sync::watch::channel(false);
    let router = axum::Router::new()
        .nest("/grpc", gateway.into_router())
        .layer(axum::Extension(trestle::gateway::GoingAway::new(begun)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    let stream = TcpStream::connect(address).await.unwrap();
    let url = format!("ws://{address}/grpc/api/capitalize/stream");
    let mut client = Client(client_async(url, stream).await.unwrap().0);
    client.send(r#"{"data":"YQ=="}"#).await;
    assert_eq!(client.json().await, json!({"data": "QQ=="}));
    begin.send_replace(true);
    assert_eq!(client.close().await.0, 1001);
    server.abort();
}
