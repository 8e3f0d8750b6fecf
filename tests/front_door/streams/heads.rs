//! What stands around the records of a streamed answer: its status, its headers,
//! and its trailers.

use super::client::Upload;
use super::get;
use crate::backend::Backend;
use crate::{Running, start};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tower::ServiceExt as _;
use trestle::fetchit;
use trestle::gateway::{Framing, Gateway, Settings};
use trestle::upstream::{self, Upstream};

const SCRIPT: &str = "stream-under 1 foo=bar more=1 trailer=Foo,%20grpc-status,absent";

/// All that comes over HTTP/1.1, in small letters.
async fn http1(gateway: &Running, headers: &str) -> String {
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let request = format!(
        "GET /v1/watch HTTP/1.1\r\nHost: t\r\nConnection: close\r\nAccept: application/json; framing=array\r\n\
         Grpc-Metadata-Script: {SCRIPT}\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.to_ascii_lowercase()
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_follow_the_last_record_where_they_are_wanted() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let answer = http1(&gateway, "TE: trailers\r\n").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let announced = "\r\ntrailer: grpc-trailer-foo, grpc-trailer-absent\r\n";
    assert!(head.contains(announced), "{head}");
    // HTTP/1.1 has those that the backend announced.
    let end = "]\r\n0\r\ngrpc-trailer-foo: bar\r\n\r\n";
    assert!(body.ends_with(end), "{body}");

    let answer = http1(&gateway, "").await;
    assert!(
        answer.ends_with("0\r\n\r\n") && !answer.contains("trailer"),
        "{answer}"
    );

    // HTTP/2 has all of them.
    let stream = TokioIo::new(TcpStream::connect(gateway.address).await.unwrap());
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
    let (mut sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get(format!("http://{}/v1/watch", gateway.address))
        .header("te", "trailers")
        .header("grpc-metadata-script", SCRIPT)
        .body(Empty::<Bytes>::new())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap();
    let trailers = body.trailers().expect("trailers");
    assert_eq!(
        (
            &trailers["grpc-trailer-foo"],
            &trailers["grpc-trailer-more"]
        ),
        (&"bar".parse().unwrap(), &"1".parse().unwrap())
    );
    assert_eq!(trailers.len(), 2);
    assert_eq!(body.to_bytes(), "{\"result\":{}}\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn backend_chooses_among_the_statuses_that_leave_a_stream_its_content() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    for (metadata, status) in [
        ("x-http-code=202", 202),
        ("x-http-code=303 location=/x", 303),
        ("x-http-code=204", 200),
        ("x-http-code=304", 200),
        ("x-http-code=404", 200),
    ] {
        let answer = get(&gateway, &format!("stream-under 1 {metadata}"), "*/*").await;
        assert_eq!(answer.answer.status, status, "{metadata}");
        assert_eq!(answer.text, "{\"result\":{\"i32\":7}}\n", "{metadata}");
        assert!(answer.finished, "{metadata}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_say_that_the_framing_was_chosen_and_may_not_be_held_back() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let head = get(&gateway, "stream 1", "text/event-stream").await.answer;
    for (name, value) in [
        ("vary", "accept"),
        ("cache-control", "no-cache"),
        ("x-accel-buffering", "no"),
    ] {
        assert_eq!(head.header(name), Some(value));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_has_its_default_framing_and_records_stay_on_one_line() {
    let backend = Backend::start().await;
    let mut settings = Settings::default();
    settings.route.framing = Framing::Events;
    settings.route.write.pretty = true;
    let gateway = start(&backend.url(), settings).await;
    let event = "id: 0\ndata: {\"i32\":7}\n\n";
    for (accept, media, part) in [
        ("*/*", "text/event-stream", event),
        (
            "application/json",
            "application/json",
            "{\"result\":{\"i32\":7}}\n",
        ),
        (
            "application/json-seq",
            "application/json-seq",
            "\u{1e}{\"i32\":7}\n",
        ),
    ] {
        let answer = get(&gateway, "stream 1", accept).await;
        assert_eq!(answer.answer.header("content-type"), Some(media));
        assert!(answer.text.contains(part), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_stream_can_be_is_refused_with_what_it_can_be() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    for accept in ["text/html", "application/grpc", "application/json;q=0"] {
        let answer = get(&gateway, "stream 1", accept).await.answer;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (406, Some("application/json")),
            "{accept}"
        );
        let message = answer.json()["message"].to_string();
        for media in ["x-ndjson", "json", "jsonl", "json-seq", "text/event-stream"] {
            assert!(message.contains(media), "{message}");
        }
    }
    // Protobuf among them, though the error itself may be.
    let answer = get(&gateway, "stream 1", "application/x-protobuf")
        .await
        .answer;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (406, Some("application/x-protobuf"))
    );
    assert_eq!(backend.seen().len(), 0, "no call was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn reply_of_a_client_stream_has_its_form_its_status_and_trailers() {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    let script = "Grpc-Metadata-Script: stream-under 1 x-http-code=201 location=/x foo=bar";
    let headers = [script, "Accept: application/x-protobuf"];
    let answer = gateway.post("/v1/upload", &headers, "{\"i32\":7}").await;
    assert_eq!((answer.status, &answer.body[..]), (201, &b"\x08\x07"[..]));
    assert_eq!(
        answer.header("content-type"),
        Some("application/x-protobuf")
    );
    assert_eq!(answer.header("location"), Some("/x"));
    assert_eq!(answer.header("grpc-metadata-foo"), Some("bar"));
    // One reply is no stream of events.
    let answer = gateway
        .post("/v1/upload", &[script, "Accept: text/event-stream"], "{}")
        .await;
    assert_eq!(answer.status, 406);
}

/// A day of it takes no time: the clock runs ahead whenever all wait for it.
#[tokio::test(start_paused = true)]
async fn quiet_events_beat_until_they_are_idle_for_too_long() {
    let upstream = Upstream::service(fetchit::routes().await, &upstream::Settings::default());
    let gateway = Gateway::builder(trestle::descriptors::embedded()).build(upstream);
    let (sender, body) = mpsc::channel(1);
    let request = http::Request::post("/api/capitalize/stream")
        .header("host", "t")
        .header("accept", "text/event-stream")
        .body(Upload(body))
        .unwrap();
    let answer = gateway.unwrap().oneshot(request).await.unwrap();
    let mut body = answer.into_body();
    let begun = Instant::now();
    let mut text = String::new();
    let error = loop {
        match body.frame().await.expect("no end without an error") {
            Ok(frame) => text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap()),
            Err(error) => break error,
        }
    };
    // Every 15 seconds, until there have been 5 minutes of nothing.
    let beats = text.strip_prefix("retry: 3000\n\n").unwrap();
    let (beats, end) = beats.split_at(beats.find("event").unwrap());
    assert!(
        (19..=20).contains(&beats.matches(":\n\n").count()),
        "{beats:?}"
    );
    assert_eq!(beats.replace(":\n\n", ""), "");
    assert!(end.starts_with("event: error\ndata: {\"code\":4,"), "{end}");
    assert!(error.to_string().contains("failed"), "{error}");
    assert_eq!(begun.elapsed().as_secs(), 300);
    drop(sender);
}
