//! A receiver on a port of its own, on a thread of its own: answers as the test
//! says, in that order, and hands over every request it got.

use axum::body::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{
    collections::VecDeque,
    convert::Infallible,
    io::Read as _,
    net::SocketAddr,
    sync::{Arc, Mutex, mpsc},
    thread,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    runtime::Builder,
};
use tokio_rustls::TlsAcceptor;

/// A request, read whole.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) method: String,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What is answered; trailers too, for gRPC.
pub(crate) type Answer = Response<Bytes>;

pub(crate) struct Receiver {
    pub(crate) addr: SocketAddr,
    requests: mpsc::Receiver<Got>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Http1,
    Http2,
}

#[derive(Clone)]
struct State {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: mpsc::Sender<Got>,
}

impl Receiver {
    /// Answers HTTP/1.1 with these, and with an empty 200 when they are used up.
    pub(crate) fn http(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::start(Version::Http1, None, answers)
    }

    pub(crate) fn start(
        version: Version,
        tls: Option<TlsAcceptor>,
        answers: impl IntoIterator<Item = Answer>,
    ) -> Self {
        let (requests, got) = mpsc::channel();
        let answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        let state = State { answers, requests };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let addr = listener.local_addr().unwrap();
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(accept(listener, version, tls, state));
        });
        Self {
            addr,
            requests: got,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The next request.
    pub(crate) fn next(&self) -> Got {
        self.requests.recv_timeout(super::SOON).unwrap()
    }

    /// The requests that have come and were not asked for.
    pub(crate) fn rest(&self) -> Vec<Got> {
        self.requests.try_iter().collect()
    }
}

async fn accept(
    listener: std::net::TcpListener,
    version: Version,
    tls: Option<TlsAcceptor>,
    state: State,
) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, state) = (tls.clone(), state.clone());
        tokio::spawn(async move {
            match tls {
                // A sender that is not trusted, or does not trust, leaves here.
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, version, state).await;
                    }
                }
                None => serve(stream, version, state).await,
            }
        });
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    version: Version,
    state: State,
) {
    let io = TokioIo::new(stream);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let state = state.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let got = Got {
                method: head.method.to_string(),
                uri: head.uri,
                headers: head.headers,
                body,
            };
            // A test that has ended does not read on.
            let _ = state.requests.send(got);
            let answer = state.answers.lock().unwrap().pop_front();
            let mut answer = answer.unwrap_or_else(|| match version {
                Version::Http1 => plain(200, ""),
                Version::Http2 => grpc(0, ""),
            });
            // Without trailers, as gRPC's own form for an end without messages.
            answer.headers_mut().remove("content-length");
            Ok::<_, Infallible>(answer.map(Full::new))
        }
    });
    // How a connection ends is the sender's affair.
    let _ = match version {
        Version::Http1 => {
            hyper::server::conn::http1::Builder::new()
                .serve_connection(io, service)
                .await
        }
        Version::Http2 => {
            hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(io, service)
                .await
        }
    };
}

pub(crate) fn plain(status: u16, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

pub(crate) fn with(mut answer: Answer, name: &'static str, value: &str) -> Answer {
    answer.headers_mut().insert(name, value.parse().unwrap());
    answer
}

/// An end without a message.
pub(crate) fn grpc(code: u32, message: &str) -> Answer {
    let answer = with(plain(200, ""), "content-type", "application/grpc");
    let answer = with(answer, "grpc-status", &code.to_string());
    with(answer, "grpc-message", message)
}

impl Got {
    /// The body as it was before it was packed.
    pub(crate) fn unpacked(&self) -> Bytes {
        if self.headers.get("content-encoding").is_none() {
            return self.body.clone();
        }
        gunzip(&self.body)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) fn gunzip(packed: &[u8]) -> Bytes {
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(packed)
        .read_to_end(&mut body)
        .unwrap();
    body.into()
}
