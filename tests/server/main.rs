//! The transport through real sockets: both protocols on one port, the even
//! hand-out, containment; the limits on slow and idle peers, and the drain.
#![allow(clippy::unwrap_used)]

mod drain;
mod limits;

use axum::body::Body;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{
    convert::Infallible, io::ErrorKind, net::SocketAddr, num::NonZeroUsize, sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Notify,
    task::JoinHandle,
    time::timeout,
};
use trestle::server::{Drain, RunError, Server, Settings};

const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
/// Far above what any of these takes: reached only when something hangs.
const HANG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(150);
const LONG: Duration = Duration::from_secs(60);

/// More than the buffers of a loopback connection take.
const LARGE: usize = 64 << 20;

struct Running {
    addr: SocketAddr,
    drain: Drain,
    ended: JoinHandle<Result<(), RunError>>,
    /// Told when `/wait` has been called.
    called: Arc<Notify>,
    /// Lets `/wait` answer.
    release: Arc<Notify>,
}

fn settings(workers: usize) -> Settings {
    Settings {
        workers: NonZeroUsize::new(workers).unwrap(),
        ..Settings::default()
    }
}

/// A server that answers with its worker's index; `/panic` and `/wait` do so.
fn start(settings: Settings) -> Running {
    let server = Server::bind(LOOPBACK, settings).unwrap();
    let (addr, drain) = (server.local_addr(), Drain::new());
    let (called, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let gates = (Arc::clone(&called), Arc::clone(&release));
    let make = move |worker: usize| {
        let gates = gates.clone();
        tower::service_fn(move |request: Request<Incoming>| {
            let (called, release) = gates.clone();
            async move {
                match request.uri().path() {
                    "/panic" => panic!("asked to"),
                    "/wait" => {
                        called.notify_one();
                        release.notified().await;
                    }
                    "/large" => return Ok(Response::new(Body::from(vec![b'a'; LARGE]))),
                    _ => {}
                }
                Ok::<_, Infallible>(Response::new(Body::from(worker.to_string())))
            }
        })
    };
    let ended = tokio::spawn(server.run(make, drain.clone()));
    Running {
        addr,
        drain,
        ended,
        called,
        release,
    }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    async fn finish(self) {
        self.drain.begin();
        timeout(HANG, self.ended).await.unwrap().unwrap().unwrap();
    }
}

async fn send(stream: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: t\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
}

/// One response with a `content-length`: its head and its body.
async fn receive(stream: &mut TcpStream) -> (String, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = timeout(HANG, stream.read_u8()).await.unwrap().unwrap();
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let (_, length) = head.split_once("content-length: ").unwrap();
    let length = length.split_once("\r\n").unwrap().0.parse().unwrap();
    let mut body = vec![0; length];
    timeout(HANG, stream.read_exact(&mut body))
        .await
        .unwrap()
        .unwrap();
    (head, String::from_utf8(body).unwrap())
}

async fn get(stream: &mut TcpStream, path: &str) -> (String, String) {
    send(stream, path).await;
    receive(stream).await
}

/// What the peer still sends until it closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    let read = timeout(HANG, stream.read_to_end(&mut rest)).await;
    read.expect("the server closes the connection").unwrap();
    String::from_utf8(rest).unwrap()
}

#[tokio::test]
async fn http1_and_http2_share_one_port() {
    let server = start(settings(1));

    let mut one = server.connect().await;
    let (head, body) = get(&mut one, "/").await;
    assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
    assert_eq!(body, "0");
    let (_, body) = get(&mut one, "/again").await;
    assert_eq!(body, "0");

    let io = TokioIo::new(server.connect().await);
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get(format!("http://{}/", server.addr));
    let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
    let response = timeout(HANG, sender.send_request(request))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "0"
    );

    server.finish().await;
    timeout(HANG, connection).await.unwrap().unwrap().unwrap();
    assert_eq!(rest(&mut one).await, "");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = start(settings(1));
    let mut stream = server.connect().await;
    send(&mut stream, "/").await;
    send(&mut stream, "/panic").await;
    send(&mut stream, "/").await;
    assert!(receive(&mut stream).await.0.starts_with("http/1.1 200"));
    assert!(receive(&mut stream).await.0.starts_with("http/1.1 500"));
    assert!(receive(&mut stream).await.0.starts_with("http/1.1 200"));
    server.finish().await;
}

#[tokio::test]
async fn connections_are_handed_out_evenly() {
    let server = start(settings(3));
    let mut streams = Vec::new();
    let mut per_worker = [0; 3];
    for _ in 0..12 {
        let mut stream = server.connect().await;
        let worker: usize = get(&mut stream, "/").await.1.parse().unwrap();
        per_worker[worker] += 1;
        streams.push(stream);
    }
    assert_eq!(per_worker, [4, 4, 4]);
    server.finish().await;
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_connection_goes_on() {
    let server = start(settings(1));
    let mut stream = server.connect().await;
    let (head, body) = get(&mut stream, "/panic").await;
    assert!(head.starts_with("http/1.1 500"), "{head}");
    assert!(
        head.contains("content-type: application/json\r\n"),
        "{head}"
    );
    let status: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status["code"], 13);
    assert_eq!(get(&mut stream, "/").await.1, "0");
    server.finish().await;
}

#[tokio::test]
async fn what_cannot_be_parsed_is_refused_with_a_json_body() {
    let server = start(settings(1));
    let long = format!(
        "GET / HTTP/1.1\r\nhost: t\r\nx: {}\r\n\r\n",
        "a".repeat(200 << 10)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nhost: t\r\n{}\r\n",
        "x: y\r\n".repeat(300)
    );
    let cases = [
        ("GET / HTTP/9\r\n\r\n", "400", 3),
        ("\x16\x03\x01\x02\x00\x01\x00\x01", "400", 3),
        ("GET / HTTP/1.1\r\nhost: t\r\nbad header\r\n\r\n", "400", 3),
        (&long, "431", 8),
        (&many, "431", 8),
    ];
    for (request, expected, code) in cases {
        let mut stream = server.connect().await;
        // A first exchange, so that the refusal is told from a response.
        get(&mut stream, "/").await;
        // A large head is refused before it is all sent.
        let _ = stream.write_all(request.as_bytes()).await;
        let (head, body) = receive(&mut stream).await;
        assert!(head.starts_with(&format!("http/1.1 {expected} ")), "{head}");
        let status: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(status["code"], code, "{body}");
        stream.shutdown().await.unwrap();
        assert_eq!(rest(&mut stream).await, "");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_worker_that_cannot_be_made_ends_the_server() {
    let server = Server::bind(LOOPBACK, settings(1)).unwrap();
    let make = |_| -> axum::Router { panic!("asked to") };
    let ended = timeout(HANG, server.run(make, Drain::new())).await.unwrap();
    assert!(matches!(ended, Err(RunError::Worker(0))), "{ended:?}");
}

#[tokio::test]
async fn a_port_in_use_is_reported_with_its_holder() {
    let server = Server::bind(LOOPBACK, settings(1)).unwrap();
    let error = Server::bind(server.local_addr(), settings(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    let text = error.to_string();
    assert!(text.contains(&server.local_addr().to_string()), "{text}");
    if cfg!(target_os = "linux") {
        assert!(
            text.contains(&format!("process {}", std::process::id())),
            "{text}"
        );
    }
}
