//! A backend that does what it is told: it echoes the request message, or obeys
//! the metadata entry `script` of the call. Written on h2 itself, since most of
//! what it must do wrong no gRPC library would let it do.

mod chat;

use bytes::{Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the backend has seen of one call.
#[derive(Debug, Clone)]
pub struct Seen {
    pub path: String,
    pub headers: HeaderMap,
    pub message: Bytes,
    /// The whole body, prefixes included.
    pub frames: Bytes,
}

/// The running backend.
#[derive(Clone)]
pub struct Backend {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<watch::Sender<usize>>,
    cancelled: Arc<watch::Sender<usize>>,
    begun: Arc<watch::Sender<usize>>,
    sent: Arc<watch::Sender<usize>>,
    dead: Arc<watch::Sender<bool>>,
}

impl Backend {
    pub async fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a loopback port");
        let backend = Self {
            address: listener.local_addr().expect("a bound socket"),
            seen: Arc::default(),
            connections: Arc::new(watch::channel(0).0),
            cancelled: Arc::new(watch::channel(0).0),
            begun: Arc::new(watch::channel(0).0),
            sent: Arc::new(watch::channel(0).0),
            dead: Arc::new(watch::channel(false).0),
        };
        let serving = backend.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("accepting on loopback");
                serving.connections.send_modify(|count| *count += 1);
                tokio::spawn(serving.clone().connection(stream));
            }
        });
        backend
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The calls seen so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic under the lock").clone()
    }

    /// Resets all connections, as the kernel does for a process that is killed.
    pub fn die(&self) {
        self.dead.send_replace(true);
    }

    pub fn connections(&self) -> usize {
        *self.connections.borrow()
    }

    /// Calls that were cancelled by the other side so far.
    pub fn cancelled(&self) -> usize {
        *self.cancelled.borrow()
    }

    /// Messages of endless streams sent so far.
    pub fn sent(&self) -> usize {
        *self.sent.borrow()
    }

    /// Waits until `count` messages of endless streams have been sent.
    pub async fn wait_sent(&self, count: usize) {
        self.sent
            .subscribe()
            .wait_for(|sent| *sent >= count)
            .await
            .expect("the backend lives");
    }

    /// Waits until `count` calls have begun.
    pub async fn wait_begun(&self, count: usize) {
        self.begun
            .subscribe()
            .wait_for(|begun| *begun >= count)
            .await
            .expect("the backend lives");
    }

    /// Waits until `count` calls have been cancelled by the other side.
    pub async fn wait_cancelled(&self, count: usize) {
        self.cancelled
            .subscribe()
            .wait_for(|seen| *seen >= count)
            .await
            .expect("the backend lives");
    }

    async fn connection(self, stream: TcpStream) {
        stream.set_nodelay(true).expect("a TCP socket");
        let descriptor = socket2::SockRef::from(&stream)
            .try_clone()
            .expect("a second handle");
        let mut builder = h2::server::Builder::new();
        builder
            .initial_window_size(1 << 20)
            .max_header_list_size(1 << 20);
        let Ok(mut connection) = builder.handshake(stream).await else {
            return;
        };
        let (abrupt, mut end) = watch::channel(None);
        let abrupt = Arc::new(abrupt);
        let mut dead = self.dead.subscribe();
        loop {
            tokio::select! {
                accepted = connection.accept() => match accepted {
                    Some(Ok((request, respond))) => {
                        tokio::spawn(self.clone().call(request, respond, abrupt.clone()));
                    }
                    _ => return,
                },
                _ = dead.wait_for(|dead| *dead) => {
                    reset(&descriptor);
                    return;
                }
                _ = end.changed() => match *end.borrow() {
                    Some(End::Goaway(Reason::NO_ERROR)) => connection.graceful_shutdown(),
                    Some(End::Goaway(reason)) => connection.abrupt_shutdown(reason),
                    Some(End::Reset) => {
                        reset(&descriptor);
                        return;
                    }
                    None => {}
                },
            }
        }
    }

    async fn call(
        self,
        request: Request<RecvStream>,
        mut respond: SendResponse<Bytes>,
        end: Arc<watch::Sender<Option<End>>>,
    ) {
        self.begun.send_modify(|count| *count += 1);
        let (head, mut body) = request.into_parts();
        match head.headers.get("script").map(HeaderValue::as_bytes) {
            Some(b"chat") => return chat::chat(&self, body, respond).await,
            Some(b"deaf") => return chat::deaf(&self, body, respond).await,
            _ => {}
        }
        let mut frame = BytesMut::new();
        while let Some(data) = body.data().await {
            let Ok(data) = data else {
                self.cancelled.send_modify(|count| *count += 1);
                return;
            };
            let _ = body.flow_control().release_capacity(data.len());
            frame.extend_from_slice(&data);
        }
        let frame = frame.freeze();
        self.seen
            .lock()
            .expect("no panic under the lock")
            .push(Seen {
                path: head.uri.path().to_owned(),
                headers: head.headers.clone(),
                message: frame.slice(5.min(frame.len())..),
                frames: frame.clone(),
            });
        let script = head
            .headers
            .get("script")
            .and_then(|value| value.to_str().ok())
            .unwrap_or("echo");
        let words: Vec<&str> = script.split(' ').collect();
        match words[..] {
            ["goaway", reason] => {
                let _ = end.send(Some(End::Goaway(reason_of(reason))));
                let _ = std::future::poll_fn(|context| respond.poll_reset(context)).await;
            }
            ["tcp-reset"] => {
                let _ = end.send(Some(End::Reset));
                let _ = std::future::poll_fn(|context| respond.poll_reset(context)).await;
            }
            ["silent"] => {
                let _ = std::future::poll_fn(|context| respond.poll_reset(context)).await;
                self.cancelled.send_modify(|count| *count += 1);
            }
            ["rst", reason] => respond.send_reset(reason_of(reason)),
            ["interim"] => {
                for status in [100, 103] {
                    let mut head = Response::new(());
                    *head.status_mut() =
                        http::StatusCode::from_u16(status).expect("an interim status");
                    respond.send_informational(head).expect("an open stream");
                }
                answer(&["echo"], frame, respond, &self).await;
            }
            // Refused the first time only.
            ["refuse-once"]
                if self
                    .seen()
                    .iter()
                    .filter(|seen| {
                        seen.headers
                            .get("script")
                            .is_some_and(|s| s == "refuse-once")
                    })
                    .count()
                    == 1 =>
            {
                respond.send_reset(Reason::REFUSED_STREAM);
            }
            ["goaway-after"] => {
                answer(&["echo"], frame, respond, &self).await;
                let _ = end.send(Some(End::Goaway(Reason::NO_ERROR)));
            }
            _ => answer(&words, frame, respond, &self).await,
        }
    }
}

/// RST instead of FIN when it is closed.
fn reset(socket: &socket2::Socket) {
    let linger = Some(std::time::Duration::ZERO);
    socket.set_linger(linger).expect("a TCP socket");
}

#[derive(Debug, Clone, Copy)]
enum End {
    Goaway(Reason),
    Reset,
}

/// Everything that starts with an answer's head.
async fn answer(words: &[&str], frame: Bytes, mut respond: SendResponse<Bytes>, backend: &Backend) {
    let mut head = Response::new(());
    let headers = head.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let mut body = vec![frame.clone()];
    let mut end = Finish::Trailers;
    match *words {
        ["headers-then-silence"] => {
            // It fails where the other side has cancelled already.
            if let Ok(mut stream) = respond.send_response(head, false) {
                let _ = std::future::poll_fn(|context| stream.poll_reset(context)).await;
            }
            backend.cancelled.send_modify(|count| *count += 1);
            return;
        }
        ["rst-after-headers", reason] => (body, end) = (vec![], Finish::Reset(reason_of(reason))),
        ["rst-after-data", reason] => end = Finish::Reset(reason_of(reason)),
        // grpc-status and anything after it, `name=value`, percent-escaped.
        ["trailers-only", status, ref more @ ..] => {
            headers.insert("grpc-status", value(status));
            insert(headers, more);
            end = Finish::Nothing;
        }
        ["trailers", status, ref more @ ..] => {
            body.clear();
            trailers.insert("grpc-status", value(status));
            insert(&mut trailers, more);
        }
        ["message-then", status, ref more @ ..] => {
            trailers.insert("grpc-status", value(status));
            insert(&mut trailers, more);
        }
        ["headers", ref more @ ..] => insert(headers, more),
        ["big-trailers", size] => {
            trailers.insert(
                "big",
                HeaderValue::from_str(&"x".repeat(size.parse().expect("a size"))).expect("ASCII"),
            );
        }
        ["no-status"] => trailers.clear(),
        ["http", status, ref more @ ..] => {
            headers.remove("content-type");
            *head.status_mut() = status.parse().expect("an HTTP status");
            insert(head.headers_mut(), more);
            (body, end) = (
                vec![Bytes::from_static(b"<html>sorry</html>")],
                Finish::Body,
            );
        }
        ["two-messages"] => body = vec![frame.clone(), frame],
        ["no-message"] => body.clear(),
        ["truncated"] => body = vec![frame.slice(..frame.len() - 1)],
        ["cut"] => (body, end) = (vec![frame.slice(..frame.len() - 1)], Finish::Body),
        ["announce", length] => {
            let length: u32 = length.parse().expect("a length");
            let mut frame = vec![0];
            frame.extend_from_slice(&length.to_be_bytes());
            body = vec![frame.into()];
        }
        ["compressed", ref more @ ..] => {
            insert(headers, more);
            let mut frame = frame.to_vec();
            frame[0] = 1;
            body = vec![frame.into()];
        }
        ["bytes", hex] => {
            let message: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
                .collect();
            let mut frame = vec![0];
            frame.extend_from_slice(&(message.len() as u32).to_be_bytes());
            frame.extend_from_slice(&message);
            body = vec![frame.into()];
        }
        // So many copies of the message, and a status other than OK where one is given.
        ["stream", count, ref more @ ..] => {
            body = vec![frame; count.parse().expect("a count")];
            if let [status, more @ ..] = more {
                trailers.insert("grpc-status", value(status));
                insert(&mut trailers, more);
            }
        }
        ["stream-then-rst", count, reason] => {
            body = vec![frame; count.parse().expect("a count")];
            end = Finish::Reset(reason_of(reason));
        }
        // One message, and so many milliseconds later the trailers.
        ["slow-trailers", milliseconds, status, ref more @ ..] => {
            trailers.insert("grpc-status", value(status));
            insert(&mut trailers, more);
            end = Finish::Late(milliseconds.parse().expect("milliseconds"));
        }
        ["stream-then-silence", count] => {
            body = vec![frame; count.parse().expect("a count")];
            end = Finish::Silence;
        }
        // The same between a head and trailers that hold what is given.
        ["stream-under", count, ref pairs @ ..] => {
            insert(headers, pairs);
            insert(&mut trailers, pairs);
            body = vec![frame; count.parse().expect("a count")];
        }
        // The same, and then the beginning of a message of this length.
        ["stream-then-announce", count, length] => {
            let length: u32 = length.parse().expect("a length");
            body = vec![frame; count.parse().expect("a count")];
            body.push([&[0][..], &length.to_be_bytes()].concat().into());
            end = Finish::Silence;
        }
        ["endless"] => {
            let mut stream = respond.send_response(head, false).expect("an open stream");
            endless(&mut stream, frame, backend).await;
            return;
        }
        ["dribble"] => body = frame.chunks(1).map(Bytes::copy_from_slice).collect(),
        _ => {}
    }
    if let Finish::Nothing = end {
        let _ = respond.send_response(head, true);
        return;
    }
    let mut stream = respond.send_response(head, false).expect("an open stream");
    let last = body.len().saturating_sub(1);
    let whole = matches!(end, Finish::Body);
    for (index, piece) in body.into_iter().enumerate() {
        let _ = stream.send_data(piece, whole && index == last);
    }
    match end {
        Finish::Trailers => {
            let _ = stream.send_trailers(trailers);
        }
        Finish::Reset(reason) => stream.send_reset(reason),
        Finish::Late(milliseconds) => {
            tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
            let _ = stream.send_trailers(trailers);
        }
        Finish::Silence => {
            let _ = std::future::poll_fn(|context| stream.poll_reset(context)).await;
            backend.cancelled.send_modify(|count| *count += 1);
        }
        Finish::Body | Finish::Nothing => {}
    }
}

/// Sends the message as often as there is room for it, until the other side goes.
async fn endless(stream: &mut h2::SendStream<Bytes>, frame: Bytes, backend: &Backend) {
    loop {
        stream.reserve_capacity(frame.len());
        let room = std::future::poll_fn(|context| stream.poll_capacity(context)).await;
        if !matches!(room, Some(Ok(_))) || stream.send_data(frame.clone(), false).is_err() {
            backend.cancelled.send_modify(|count| *count += 1);
            return;
        }
        backend.sent.send_modify(|count| *count += 1);
        tokio::task::yield_now().await;
    }
}

enum Finish {
    Trailers,
    Late(u64),
    Silence,
    Reset(Reason),
    /// END_STREAM with the last data.
    Body,
    /// END_STREAM with the head.
    Nothing,
}

/// Adds `name=value` pairs; values are percent-escaped so that they hold no spaces.
fn insert(headers: &mut HeaderMap, pairs: &[&str]) {
    for pair in pairs {
        let (name, text) = pair.split_once('=').expect("name=value");
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        headers.append(name, value(text));
    }
}

fn value(text: &str) -> HeaderValue {
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(text).collect();
    HeaderValue::from_bytes(&bytes).expect("a header value")
}

fn reason_of(text: &str) -> Reason {
    Reason::from(text.parse::<u32>().expect("an HTTP/2 error code"))
}
