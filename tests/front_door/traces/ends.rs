//! How calls end, and what their spans say of it.

use super::{PATIENCE, Spans, events, is_below, text};
use crate::backend::Backend;
use crate::raw;
use futures_util::{SinkExt as _, StreamExt as _};
use opentelemetry::trace::Status;
use std::convert::Infallible;
use std::future::Ready;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tonic::body::Body;
use tower::Layer as _;
use tower_service::Service as _;
use trestle::telemetry::observe::{GrpcServerLayer, Settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_lasts_until_its_trailers_and_has_their_status() {
    let backend = Backend::start().await;
    let mut spans = Spans::new(Settings::default());
    let gateway = spans.gateway(&backend).await;
    let request = b"GET /v1/watch?i32=7 HTTP/1.1\r\nHost: t\r\nGrpc-Metadata-Script: slow-trailers 50 13 grpc-message=late\r\n\r\n";
    let streamed = raw::stream(gateway.address, request).await;
    assert!(!streamed.finished && streamed.answer.status == 200);
    let trace = spans.next(2).await;
    let (http, client) = (&trace[0], &trace[1]);
    assert!(is_below(client, http));
    for span in [http, client] {
        let lasted = span.end_time.duration_since(span.start_time).unwrap();
        assert!(
            lasted >= Duration::from_millis(50),
            "{} {lasted:?}",
            span.name
        );
        assert_eq!(text(span, "error.type"), "INTERNAL", "{}", span.name);
    }
    assert_eq!(client.status, Status::error("late"));
    assert_eq!(http.status, Status::error(""));
    assert_eq!(text(http, "http.response.status_code"), "200");
    assert_eq!(events(client), ["SENT 1 2", "RECEIVED 1 2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_of_a_stream_is_an_event_up_to_a_limit() {
    let backend = Backend::start().await;
    let mut spans = Spans::new(Settings::default());
    let gateway = spans.gateway(&backend).await;
    let request =
        b"GET /v1/watch?i32=7 HTTP/1.1\r\nHost: t\r\nGrpc-Metadata-Script: stream 200\r\n\r\n";
    assert!(raw::stream(gateway.address, request).await.finished);
    let client = spans.next(2).await.remove(1);
    assert_eq!(client.events.events.len(), 128);
    assert_eq!(client.events.dropped_count, 201 - 128);
    assert_eq!(events(&client)[127], "RECEIVED 127 2");
    assert_eq!(client.status, Status::Unset);
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_are_errors_to_those_who_answer_for_them() {
    let backend = Backend::start().await;
    let mut spans = Spans::new(Settings::default());
    let gateway = spans.gateway(&backend).await;
    for (script, status, http_status, code) in [
        (
            "trailers-only 5 grpc-message=gone",
            404,
            Status::Unset,
            "NOT_FOUND",
        ),
        (
            "trailers 13 grpc-message=gone",
            500,
            Status::error(""),
            "INTERNAL",
        ),
        ("rst 8", 503, Status::error(""), "CANCELLED"),
    ] {
        let header = format!("Grpc-Metadata-Script: {script}");
        let answer = gateway.post("/v1/echo", &[&header], "{}").await;
        assert_eq!(answer.status, status, "{script}");
        let trace = spans.next(2).await;
        let (http, client) = (&trace[0], &trace[1]);
        assert_eq!(http.status, http_status, "{script}");
        assert_eq!(text(client, "rpc.response.status_code"), code, "{script}");
        assert_eq!(text(client, "error.type"), code, "{script}");
        assert!(matches!(client.status, Status::Error { .. }), "{script}");
        let type_of_http = if status >= 500 {
            status.to_string()
        } else {
            String::new()
        };
        assert_eq!(text(http, "error.type"), type_of_http, "{script}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_the_gateways_own_have_a_span_that_is_named_by_no_path() {
    let backend = Backend::start().await;
    let mut spans = Spans::new(Settings::default());
    let gateway = spans.gateway(&backend).await;
    for (line, name, status) in [
        ("GET /secret/path", "GET", "404"),
        ("DELETE /v1/echo", "DELETE", "405"),
        ("BREW /v1/echo", "HTTP", "501"),
        ("OPTIONS /v1/echo", "OPTIONS", "204"),
        ("GET /v1/query?nothing=1", "GET /v1/query", "400"),
    ] {
        gateway
            .send(&format!("{line} HTTP/1.1\r\nHost: t\r\n\r\n"))
            .await;
        let span = spans.next(1).await.remove(0);
        assert_eq!(span.name, name, "{line}");
        assert_eq!(text(&span, "http.response.status_code"), status, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_before_the_host_is_refused_and_in_no_span() {
    let backend = Backend::start().await;
    let mut spans = Spans::new(Settings::default());
    let gateway = spans.gateway(&backend).await;
    for head in [
        "GET http://user:s3cret@t/v1/query HTTP/1.1\r\nHost: t",
        "GET /v1/query HTTP/1.1\r\nHost: user:s3cret@t",
    ] {
        let answer = gateway.send(&format!("{head}\r\n\r\n")).await;
        assert_eq!(answer.status, 400, "{head}");
        let span = spans.next(1).await.remove(0);
        assert_eq!(text(&span, "server.address"), "t", "{head}");
        assert!(!format!("{span:?}").contains("s3cret"), "{span:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_panics_before_it_gives_a_future_ends_its_call() {
    type Answer = Ready<Result<http::Response<Body>, Infallible>>;
    let mut spans = Spans::new(Settings::default());
    let broken = tower::service_fn(|_: http::Request<Body>| -> Answer { panic!("at once") });
    let mut service = GrpcServerLayer::new(&spans.telemetry, ["a.B/C"]).layer(broken);
    let request = http::Request::post("/a.B/C").body(Body::empty()).unwrap();
    let called = tokio::spawn(async move { service.call(request).await.is_ok() });
    assert!(called.await.unwrap_err().is_panic());
    let span = spans.next(1).await.remove(0);
    assert_eq!(span.name, "a.B/C");
    assert_eq!(span.status, Status::error("the handler panicked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_cancels_and_is_no_error_of_the_servers() {
    let backend = Backend::start().await;
    let mut spans = Spans::new(Settings::default());
    let gateway = spans.gateway(&backend).await;
    // Before the answer, and in the middle of one.
    for (count, script) in [(1, "silent"), (2, "stream-then-silence 1")] {
        let path = ["/v1/query", "/v1/watch?i32=7"][count - 1];
        let mut stream = TcpStream::connect(gateway.address).await.unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: t\r\nGrpc-Metadata-Script: {script}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        backend.wait_begun(count).await;
        if count == 2 {
            let mut seen = Vec::new();
            while !seen.windows(8).any(|window| window == b"{\"i32\":7") {
                timeout(PATIENCE, stream.read_buf(&mut seen))
                    .await
                    .unwrap()
                    .unwrap();
            }
        }
        drop(stream);
        let trace = spans.next(2).await;
        let (http, client) = (&trace[0], &trace[1]);
        assert_eq!(http.status, Status::Unset, "{script}");
        assert_eq!(text(client, "rpc.response.status_code"), "CANCELLED");
        assert!(matches!(client.status, Status::Error { .. }), "{script}");
        for span in [http, client] {
            assert_eq!(events(span).last().unwrap(), "cancelled", "{script}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_is_a_span_until_it_is_closed() {
    let backend = Backend::start().await;
    let mut spans = Spans::new(Settings::default());
    let gateway = spans.gateway(&backend).await;
    let mut socket = websocket(gateway.address, "/v1/watch?i32=7", "stream 2").await;
    let mut texts = 0;
    while let Some(Ok(message)) = timeout(PATIENCE, socket.next()).await.unwrap() {
        texts += usize::from(matches!(message, Message::Text(_)));
    }
    assert_eq!(texts, 2);
    let trace = spans.next(2).await;
    let (http, client) = (&trace[0], &trace[1]);
    assert!(is_below(client, http));
    assert_eq!(http.name, "GET /v1/watch");
    assert_eq!(text(http, "http.response.status_code"), "101");
    assert_eq!(events(client), ["SENT 1 2", "RECEIVED 1 2", "RECEIVED 2 2"]);
    assert_eq!(text(client, "rpc.response.status_code"), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unary_reply_without_a_message_is_no_success_over_websocket_either() {
    let backend = Backend::start().await;
    let mut spans = Spans::new(Settings::default());
    let gateway = spans.gateway(&backend).await;
    let mut socket = websocket(gateway.address, "/v1/upload", "trailers 0").await;
    // All that there is to upload.
    socket.send(Message::text("")).await.unwrap();
    while let Some(Ok(_)) = timeout(PATIENCE, socket.next()).await.unwrap() {}
    let trace = spans.next(2).await;
    let (http, client) = (&trace[0], &trace[1]);
    assert_eq!(text(client, "rpc.response.status_code"), "INTERNAL");
    assert_eq!(text(http, "error.type"), "INTERNAL");
}

/// A WebSocket to a method that the backend answers by this script.
async fn websocket(address: SocketAddr, path: &str, script: &str) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    let url = format!("ws://{address}{path}");
    let mut request = url.into_client_request().unwrap();
    let script = script.parse().unwrap();
    request.headers_mut().insert("grpc-metadata-script", script);
    let (socket, _) = tokio_tungstenite::client_async(request, stream)
        .await
        .unwrap();
    socket
}
