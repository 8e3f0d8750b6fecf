//! Bodies that are bytes: in and out, whole and in pieces, and who waits for whom.

use crate::backend::Backend;
use crate::raw::{self, Streamed};
use crate::{Running, rows, start};
use prost::Message;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use trestle::gateway::Settings;

const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone, PartialEq, Message)]
struct HttpBody {
    #[prost(string, tag = "1")]
    content_type: String,
    #[prost(bytes = "vec", tag = "2")]
    data: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Document {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    file: Option<HttpBody>,
    #[prost(int32, tag = "3")]
    revision: i32,
}

/// The messages of the last call.
fn messages(backend: &Backend) -> Vec<Document> {
    let seen = backend.seen().pop().expect("a call reached the backend");
    let mut rest = seen.frames;
    let mut messages = Vec::new();
    while !rest.is_empty() {
        let prefix = rest.split_to(5);
        let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]);
        let message = rest.split_to(length as usize);
        messages.push(Document::decode(message).unwrap());
    }
    messages
}

async fn pair() -> (Backend, Running) {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), Settings::default()).await;
    (backend, gateway)
}

async fn download(gateway: &Running, path: &str, headers: &str, body: &str) -> Streamed {
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: t\r\nContent-Type: image/png\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    timeout(PATIENCE, raw::stream(gateway.address, request.as_bytes()))
        .await
        .expect("an end")
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_bodies_are_answered_as_the_table_says() {
    rows::run("documents.txt", rows::BOTH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_go_in_pieces_of_which_the_first_says_what_they_are() {
    let (backend, gateway) = pair().await;
    let data: Vec<u8> = (0..700_000).map(|index| (index % 251) as u8).collect();
    let head = format!(
        "POST /v1/documents/d%2F1/parts?revision=3 HTTP/1.1\r\nHost: t\r\nContent-Type: video/mp4\r\nContent-Length: {}\r\n\r\n",
        data.len()
    );
    let request = [head.as_bytes(), &data].concat();
    let answer = timeout(PATIENCE, raw::send(gateway.address, &request)).await;
    // The backend's echo of more than one message is none.
    assert_eq!(answer.expect("an answer").status, 500);
    let messages = messages(&backend);
    assert!(messages.len() >= 3, "{} messages", messages.len());
    let first = &messages[0];
    assert_eq!((first.name.as_str(), first.revision), ("d/1", 3));
    assert_eq!(first.file.as_ref().unwrap().content_type, "video/mp4");
    for later in &messages[1..] {
        let file = later.file.as_ref().unwrap();
        assert_eq!((later.name.as_str(), later.revision), ("", 0));
        assert_eq!(file.content_type, "");
    }
    let pieces = messages
        .iter()
        .map(|message| &message.file.as_ref().unwrap().data);
    assert!(
        pieces
            .clone()
            .all(|piece| (1..=256 << 10).contains(&piece.len()))
    );
    assert!(pieces.flatten().eq(&data), "the bytes differ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_upload_is_one_message() {
    let (backend, gateway) = pair().await;
    let answer = gateway
        .post("/v1/documents/d/parts", &["Content-Type: text/plain"], "")
        .await;
    assert_eq!(answer.status, 200);
    let file = HttpBody {
        content_type: "text/plain".to_owned(),
        data: Vec::new(),
    };
    let name = "d".to_owned();
    assert_eq!(
        messages(&backend),
        [Document {
            name,
            file: Some(file),
            revision: 0
        }]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_are_the_bytes_of_their_messages() {
    let (_backend, gateway) = pair().await;
    for path in ["/v1/raw:stream", "/v1/raw:convert"] {
        let whole = download(&gateway, path, "Grpc-Metadata-Script: stream 3\r\n", "ab").await;
        assert_eq!((whole.answer.status, whole.text.as_str()), (200, "ababab"));
        assert_eq!(whole.answer.header("content-type"), Some("image/png"));
        assert_eq!(whole.answer.header("transfer-encoding"), Some("chunked"));
        assert!(whole.finished);

        let empty = download(&gateway, path, "Grpc-Metadata-Script: stream 0\r\n", "ab").await;
        assert_eq!((empty.answer.status, empty.text.as_str()), (200, ""));
        let octets = Some("application/octet-stream");
        assert_eq!(empty.answer.header("content-type"), octets);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_that_fail_have_a_status_before_and_no_end_after_the_first_bytes() {
    let (backend, gateway) = pair().await;
    for script in [
        "trailers-only 5 grpc-message=no",
        "stream 0 5 grpc-message=no",
    ] {
        let script = format!("Grpc-Metadata-Script: {script}\r\n");
        let answer = download(&gateway, "/v1/raw:stream", &script, "ab")
            .await
            .answer;
        assert_eq!(
            (answer.status, &answer.json()["message"]),
            (404, &"no".into())
        );
    }
    let script = "Grpc-Metadata-Script: stream 2 5\r\n";
    let late = download(&gateway, "/v1/raw:stream", script, "ab").await;
    assert_eq!((late.answer.status, late.text.as_str()), (200, "abab"));
    assert!(!late.finished, "a failure must not look like an end");

    let headers = "Grpc-Metadata-Script: stream-then-silence 1\r\nGrpc-Timeout: 200m\r\n";
    let slow = download(&gateway, "/v1/raw:stream", headers, "ab").await;
    assert_eq!((slow.text.as_str(), slow.finished), ("ab", false));
    timeout(PATIENCE, backend.wait_cancelled(1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_a_download_slowly_slows_the_backend_and_who_leaves_ends_it() {
    let (backend, gateway) = pair().await;
    let body = "x".repeat(100_000);
    let mut slow = TcpStream::connect(gateway.address).await.unwrap();
    let request = format!(
        "POST /v1/raw:stream HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\nGrpc-Metadata-Script: endless\r\n\r\n{body}"
    );
    slow.write_all(request.as_bytes()).await.unwrap();
    timeout(PATIENCE, backend.wait_sent(1)).await.unwrap();
    // Socket buffers and windows fill up, and then nothing more may be sent.
    let mut sent = backend.sent();
    while timeout(Duration::from_millis(300), backend.wait_sent(sent + 1))
        .await
        .is_ok()
    {
        sent = backend.sent();
        assert!(sent < 500, "50 MB sent to a client that reads nothing");
    }
    drop(slow);
    timeout(PATIENCE, backend.wait_cancelled(1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_takes_nothing_stops_the_upload() {
    let (backend, gateway) = pair().await;
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let head = "POST /v1/documents/d/parts HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nGrpc-Metadata-Script: deaf\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
    let mut chunks = 0;
    while let Ok(written) = timeout(Duration::from_millis(300), stream.write_all(&chunk)).await {
        written.unwrap();
        chunks += 1;
        assert!(
            chunks < 500,
            "32 MiB taken for a backend that takes nothing"
        );
    }
    // An end that waits behind what nobody reads is not seen; a reset is.
    let socket = socket2::SockRef::from(&stream);
    socket.set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
    timeout(PATIENCE, backend.wait_cancelled(1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_off_cancels_the_call() {
    let (backend, gateway) = pair().await;
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let request =
        "POST /v1/documents/d/parts HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc";
    stream.write_all(request.as_bytes()).await.unwrap();
    timeout(PATIENCE, backend.wait_begun(1)).await.unwrap();
    drop(stream);
    timeout(PATIENCE, backend.wait_cancelled(1)).await.unwrap();
    assert!(
        backend.seen().is_empty(),
        "half an upload must not look whole"
    );
}
