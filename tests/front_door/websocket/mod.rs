//! WebSocket: both kinds of frames, every kind of streaming method, and who waits
//! for whom.

mod ends;

use crate::backend::Backend;
use crate::{Running, serve, start};
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
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
async fn axum_serves_websockets_too() {
    let upstream = Upstream::service(fetchit::routes().await, &upstream::Settings::default());
    let gateway = Gateway::builder(trestle::descriptors::embedded())
        .build(upstream)
        .unwrap();
    let router = axum::Router::new().nest("/grpc", gateway.clone().into_router());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    let stream = TcpStream::connect(address).await.unwrap();
    let url = format!("ws://{address}/grpc/api/capitalize/stream");
    let mut client = Client(client_async(url, stream).await.unwrap().0);
    client.send(r#"{"data":"YQ=="}"#).await;
    assert_eq!(client.json().await, json!({"data": "QQ=="}));
    gateway.close_streams();
    let (error, code) = client.failed().await;
    assert_eq!((&error["code"], code), (&json!(14), 1001));
    server.abort();
}
