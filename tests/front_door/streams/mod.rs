//! Streams: every framing and kind of call, how they end well and badly, and who
//! waits for whom.

mod client;
mod decode;
mod heads;
mod matrix;
mod table;

use crate::backend::Backend;
use crate::raw::{self, Streamed};
use crate::{Running, serve, start};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use trestle::fetchit;
use trestle::gateway::{Gateway, Settings};
use trestle::upstream::{self, Upstream};

const PATIENCE: Duration = Duration::from_secs(5);

async fn get(gateway: &Running, script: &str, accept: &str) -> Streamed {
    let request = format!(
        "GET /v1/watch?i32=7 HTTP/1.1\r\nHost: t\r\nAccept: {accept}\r\nGrpc-Metadata-Script: {script}\r\n\r\n"
    );
    timeout(PATIENCE, raw::stream(gateway.address, request.as_bytes()))
        .await
        .expect("an end")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_framing_shows_messages_ends_and_errors() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let error = r#"{"code":9,"message":"no","details":[]}"#;
    let cases = [
        (
            "*/*",
            "application/x-ndjson",
            "{\"result\":{\"i32\":7}}\n{\"result\":{\"i32\":7}}\n".to_owned(),
            "".to_owned(),
            format!("{{\"error\":{error}}}\n"),
        ),
        (
            "application/json",
            "application/json",
            "{\"result\":{\"i32\":7}}\n{\"result\":{\"i32\":7}}\n".to_owned(),
            "".to_owned(),
            format!("{{\"error\":{error}}}\n"),
        ),
        (
            "application/jsonl",
            "application/jsonl",
            "{\"i32\":7}\n{\"i32\":7}\n".to_owned(),
            "".to_owned(),
            format!("{{\"error\":{error}}}\n"),
        ),
        (
            "application/json; framing=array",
            "application/json",
            "[{\"i32\":7},{\"i32\":7}".to_owned(),
            "]".to_owned(),
            format!(",{{\"error\":{error}}}\n"),
        ),
        (
            "application/json-seq",
            "application/json-seq",
            "\u{1e}{\"i32\":7}\n\u{1e}{\"i32\":7}\n".to_owned(),
            "".to_owned(),
            format!("\u{1e}{{\"error\":{error}}}\n"),
        ),
        (
            "text/event-stream",
            "text/event-stream",
            "retry: 3000\n\nid: 0\ndata: {\"i32\":7}\n\nid: 1\ndata: {\"i32\":7}\n\n".to_owned(),
            "event: end\ndata: {}\n\n".to_owned(),
            format!("event: error\ndata: {error}\n\n"),
        ),
    ];
    for (accept, media, messages, end, failure) in cases {
        let whole = get(&gateway, "stream 2", accept).await;
        assert_eq!(
            (whole.answer.status, whole.finished),
            (200, true),
            "{accept}"
        );
        assert_eq!(whole.answer.header("content-type"), Some(media));
        assert_eq!(whole.text, format!("{messages}{end}"), "{accept}");

        let broken = get(&gateway, "stream 2 9 grpc-message=no", accept).await;
        assert_eq!(broken.answer.status, 200, "{accept}");
        assert_eq!(broken.text, format!("{messages}{failure}"), "{accept}");
        assert!(
            !broken.finished,
            "{accept}: a broken stream must not look finished"
        );

        let empty = get(&gateway, "stream 0", accept).await;
        assert_eq!(
            (empty.answer.status, empty.finished),
            (200, true),
            "{accept}"
        );

        let refused = get(&gateway, "trailers-only 9 grpc-message=no", accept).await;
        assert_eq!(
            (refused.answer.status, refused.text.as_str()),
            (400, error),
            "{accept}"
        );
        let late = get(&gateway, "stream 0 9 grpc-message=no", accept).await;
        assert_eq!(
            (late.answer.status, late.text.as_str()),
            (400, error),
            "{accept}: no message, so a status"
        );

        // A reset overtakes messages, so it may come before the first.
        let reset = get(&gateway, "stream-then-rst 1 2", accept).await;
        assert!(
            reset.text.contains("\"code\":13"),
            "{accept}: {}",
            reset.text
        );
        assert!(!reset.finished || reset.answer.status == 500, "{accept}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reply_selector_and_path_bind_as_in_unary_calls() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let request =
        b"GET /v1/watch/a%2Fb HTTP/1.1\r\nHost: t\r\nGrpc-Metadata-Script: stream 2\r\n\r\n";
    let answer = raw::stream(gateway.address, request).await;
    assert_eq!(answer.text, "{\"result\":\"a/b\"}\n{\"result\":\"a/b\"}\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn head_and_messages_do_not_wait_for_more() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    for (script, expected) in [
        ("headers-then-silence", ""),
        ("stream-then-silence 1", "{\"result\":{}}\n"),
    ] {
        let mut stream = TcpStream::connect(gateway.address).await.unwrap();
        let request =
            format!("GET /v1/watch HTTP/1.1\r\nHost: t\r\nGrpc-Metadata-Script: {script}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        while !text.contains("\r\n\r\n") || !text.contains(expected) {
            let mut piece = [0; 512];
            let count = timeout(PATIENCE, stream.read(&mut piece))
                .await
                .expect(script)
                .unwrap();
            assert!(count > 0, "{script}: closed after {text}");
            text.push_str(std::str::from_utf8(&piece[..count]).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deadline_and_idle_limit_end_a_stream_visibly() {
    let backend = Backend::start().await;
    let mut settings = Settings::default();
    settings.route.stream_idle = Duration::from_millis(200);
    let gateway = start(&backend.url(), settings).await;
    let idle = get(&gateway, "stream-then-silence 1", "*/*").await;
    assert!(
        !idle.finished && idle.text.contains("\"code\":4"),
        "{}",
        idle.text
    );
    let request = b"GET /v1/watch HTTP/1.1\r\nHost: t\r\nGrpc-Timeout: 100m\r\nGrpc-Metadata-Script: stream-then-silence 1\r\n\r\n";
    let late = timeout(PATIENCE, raw::stream(gateway.address, request))
        .await
        .unwrap();
    assert!(
        !late.finished && late.text.contains("deadline"),
        "{}",
        late.text
    );
    timeout(PATIENCE, backend.wait_cancelled(2))
        .await
        .expect("both calls are cancelled at the backend");
}

#[tokio::test(flavor = "multi_thread")]
async fn client_stream_is_lines_or_an_array_and_ends_in_one_answer() {
    let upstream = Upstream::service(fetchit::routes().await, &upstream::Settings::default());
    let gateway = serve(
        Gateway::builder(trestle::descriptors::embedded())
            .build(upstream)
            .unwrap(),
    );
    let lines = "{\"id\":3,\"data\":\"YQ==\"}\n{\"data\":\"Yg==\"}\n";
    let records = "\x1e{\"id\":3,\"data\":\"YQ==\"}\n\x1e{\"data\":\"Yg==\"}\n";
    let array = "[{\"id\":3,\"data\":\"YQ==\"},{\"data\":\"Yg==\"}]";
    for (kind, body) in [
        ("json", lines),
        ("json", array),
        ("json", "{\"id\":3,\"data\":\"YQ==\"}{\"data\":\"Yg==\"}"),
        ("x-ndjson", lines),
        ("jsonl", lines),
        ("json-seq", records),
    ] {
        let kind = format!("Content-Type: application/{kind}");
        let answer = gateway.post("/api/capitalize/all", &[&kind], body).await;
        assert_eq!(
            (answer.status, answer.json()),
            (200, serde_json::json!({ "id": 3, "data": "QUI=" })),
            "{kind}: {body}"
        );
    }
    let empty = gateway.post("/api/capitalize/all", &[], "").await;
    assert_eq!((empty.status, empty.json()), (200, serde_json::json!({})));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_message_cancels_the_call_and_is_named() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let answer = gateway
        .post("/v1/upload", &[], "{\"i32\":1}\n\n{\"i32\":\"x\"}\n{}")
        .await;
    assert_eq!((answer.status, &answer.json()["code"]), (400, &3.into()));
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("message 2") && message.contains("line 3") && message.contains("i32"),
        "{message}"
    );
    timeout(PATIENCE, backend.wait_cancelled(1))
        .await
        .expect("cancelled at the backend");

    let mut settings = Settings::default();
    settings.route.max_body = 32;
    let gateway = start(&backend.url(), settings).await;
    let many: String = "{\"i32\":1}\n".repeat(100);
    let one = ["Grpc-Metadata-Script: bytes 0801"];
    assert_eq!(
        gateway.post("/v1/upload", &one, &many).await.status,
        200,
        "the limit is a message's"
    );
    let large = format!("{{}}\n{{\"text\":\"{}\"}}", "x".repeat(64));
    assert_eq!(gateway.post("/v1/upload", &[], &large).await.status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn path_and_query_go_with_the_first_message() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let answer = gateway
        .post("/v1/upload/t?i32=7", &[], "{\"name\":\"a\"}")
        .await;
    assert_eq!(
        answer.json(),
        serde_json::json!({ "text": "t", "i32": 7, "nested": { "name": "a" } })
    );
}
