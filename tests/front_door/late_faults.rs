//! Streams in both directions whose request goes wrong when the answer has begun:
//! the status is long sent, so that the answer itself must tell.

use crate::{Running, serve};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use trestle::fetchit;
use trestle::gateway::{Gateway, Settings};
use trestle::upstream::{self, Upstream};

const PATIENCE: Duration = Duration::from_secs(5);

/// What comes after the first message has been answered and `then` has been sent.
async fn after(gateway: &Running, accept: &str, then: &str) -> String {
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let first = format!(
        "POST /api/capitalize/stream HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\
         Accept: {accept}\r\n\r\n{}",
        chunk("{\"id\":1,\"data\":\"YQ==\"}\n")
    );
    stream.write_all(first.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains("QQ==") {
        let count = timeout(PATIENCE, stream.read_buf(&mut text))
            .await
            .expect("an answer")
            .unwrap();
        assert!(count > 0, "closed after {}", String::from_utf8_lossy(&text));
    }
    text.clear();
    stream.write_all(chunk(then).as_bytes()).await.unwrap();
    // A connection that is reset has ended, too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut text))
        .await
        .expect("an end");
    String::from_utf8(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_that_has_begun_ends_with_an_error_and_without_its_last_chunk() {
    let upstream = Upstream::service(fetchit::routes().await, &upstream::Settings::default());
    let mut settings = Settings::default();
    settings.route.max_body = 64;
    let builder = Gateway::builder(trestle::descriptors::embedded()).settings(settings);
    let gateway = serve(builder.build(upstream).unwrap());
    let large = format!("{{\"data\":\"{}\"}}\n", "A".repeat(64));
    for accept in [
        "application/x-ndjson",
        "application/json",
        "text/event-stream",
    ] {
        for (fault, then, told) in [
            ("no JSON", "{\"id\":2,}\n", "\"code\":3"),
            ("a value that does not fit", "{\"id\":\"x\"}\n", "message 2"),
            ("no object", "7\n", "message 2"),
            ("a message over the limit", &large, "\"code\":8"),
        ] {
            let rest = after(&gateway, accept, then).await;
            assert!(rest.contains(told), "{accept}, {fault}: {rest}");
            assert!(
                !rest.ends_with("0\r\n\r\n"),
                "{accept}, {fault}: ended as if all were well"
            );
        }
    }
}
