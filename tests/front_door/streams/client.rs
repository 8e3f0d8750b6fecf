//! One client for a stream in any of its clothes: every framing over HTTP/1.1 and
//! HTTP/2, and both kinds of WebSocket frames.

use super::decode::{Decoder, Item};
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Method, Request, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use prost_reflect::prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use serde_json::Value;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{WebSocketStream, client_async};

/// What takes longer than this does not come.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a stream travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Http1,
    Http2,
    Text,
    Binary,
}

/// A way, and over HTTP what is asked for by `Accept`.
#[derive(Debug, Clone, Copy)]
pub struct Face {
    pub way: Way,
    pub accept: &'static str,
}

/// How a stream was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The body is whole.
    Finished,
    /// The body breaks off.
    Broken,
    /// There was no stream, but this status.
    Refused(u16),
    /// A WebSocket was closed with this code.
    Closed(u16),
}

/// A call as its client has it; what is dropped is broken off.
pub struct Client {
    pub sending: Sending,
    pub receiving: Receiving,
}

/// The client's side of a call.
pub enum Sending {
    Body(Option<mpsc::Sender<Bytes>>),
    Frames {
        sink: SplitSink<WebSocketStream<TcpStream>, Message>,
        binary: bool,
    },
}

/// The other side.
pub enum Receiving {
    /// The head of the answer has not come yet.
    Awaited(JoinHandle<hyper::Result<Response<Incoming>>>, Face, Held),
    Body(Incoming, Decoder, Held),
    Frames(SplitStream<WebSocketStream<TcpStream>>),
}

/// The tasks of one call's connection, which end with it.
#[derive(Clone, Default)]
pub struct Connection(Arc<Mutex<JoinSet<()>>>);

impl Connection {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().unwrap().spawn(task);
    }
}

impl<F> hyper::rt::Executor<F> for Connection
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.spawn(async { drop(task.await) });
    }
}

/// Held by the client alone: the tasks may hold their executor.
pub struct Held(Connection);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().abort_all();
    }
}

/// A request body that ends with its sender.
pub struct Upload(pub mpsc::Receiver<Bytes>);

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = self.0.poll_recv(context);
        data.map(|data| data.map(|data| Ok(Frame::data(data))))
    }
}

impl Client {
    /// Opens a call; does not wait for its answer.
    pub async fn open(
        stream: TcpStream,
        face: Face,
        (method, path): (Method, &str),
        headers: &[(&'static str, &str)],
    ) -> Self {
        match face.way {
            Way::Text | Way::Binary => websocket(stream, face.way, path, headers).await,
            Way::Http1 | Way::Http2 => http(stream, face, method, path, headers).await,
        }
    }
}

async fn http(
    stream: TcpStream,
    face: Face,
    method: Method,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Client {
    let address = stream.peer_addr().unwrap();
    let stream = TokioIo::new(stream);
    let (data, upload) = mpsc::channel(1);
    let has_body = method != Method::GET;
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://{address}{path}"))
        .header("host", address.to_string())
        .header("accept", face.accept);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let upload = request.body(Upload(upload)).unwrap();
    let connection = Connection::default();
    let answer = if face.way == Way::Http2 {
        let handshake = hyper::client::conn::http2::handshake(connection.clone(), stream);
        let (mut sender, driver) = handshake.await.unwrap();
        connection.spawn(async { drop(driver.await) });
        tokio::spawn(async move { sender.send_request(upload).await })
    } else {
        let (mut sender, driver) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        connection.spawn(async { drop(driver.await) });
        tokio::spawn(async move { sender.send_request(upload).await })
    };
    Client {
        sending: Sending::Body(has_body.then_some(data)),
        receiving: Receiving::Awaited(answer, face, Held(connection)),
    }
}

async fn websocket(
    stream: TcpStream,
    way: Way,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Client {
    let url = format!("ws://{}{path}", stream.peer_addr().unwrap());
    let mut request = url.into_client_request().unwrap();
    let protocol = match way {
        Way::Binary => "trestle.proto",
        _ => "trestle.json",
    };
    let headers = headers.iter().copied();
    for (name, value) in headers.chain([("sec-websocket-protocol", protocol)]) {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let opened = timeout(PATIENCE, client_async(request, stream)).await;
    let (socket, _) = opened.expect("an answer").unwrap();
    let (sink, frames) = socket.split();
    let binary = way == Way::Binary;
    Client {
        sending: Sending::Frames { sink, binary },
        receiving: Receiving::Frames(frames),
    }
}

impl Client {
    /// Goes, in the middle of whatever is going on.
    pub async fn leave(self) {
        self.receiving.leave().await;
        drop(self.sending);
    }
}

impl Sending {
    /// Sends a message; whether it could be.
    pub async fn send(&mut self, json: &str) -> bool {
        match self {
            Self::Body(data) => {
                let data = data.as_ref().expect("a request that streams");
                data.send(format!("{json}\n").into()).await.is_ok()
            }
            Self::Frames { sink, binary } => {
                let message = match binary {
                    true => Message::Binary(to_wire(json)),
                    false => Message::text(json),
                };
                sink.send(message).await.is_ok()
            }
        }
    }

    /// Says that there are no more messages.
    pub async fn finish(&mut self) {
        match self {
            Self::Body(data) => *data = None,
            Self::Frames { sink, .. } => sink.send(Message::text("")).await.unwrap(),
        }
    }
}

impl Receiving {
    /// Breaks the connection off, whatever is still to be sent.
    pub async fn leave(self) {
        if let Self::Awaited(_, _, held) | Self::Body(_, _, held) = &self {
            let mut tasks = std::mem::take(&mut *held.0.0.lock().unwrap());
            tasks.shutdown().await;
        }
    }

    /// What comes next.
    pub async fn next(&mut self) -> Item {
        timeout(PATIENCE, self.wait())
            .await
            .expect("a record or an end")
    }

    async fn wait(&mut self) -> Item {
        loop {
            match self {
                Self::Awaited(answer, face, connection) => {
                    let answer = answer.await.unwrap().expect("an answer");
                    let decoder = decoder(&answer, *face);
                    let connection = Held(std::mem::take(&mut connection.0));
                    *self = Self::Body(answer.into_body(), decoder, connection);
                }
                Self::Body(body, decoder, _) => {
                    if let Some(item) = decoder.next() {
                        return item;
                    }
                    match body.frame().await {
                        Some(Ok(frame)) => decoder.push(frame.data_ref().unwrap_or(&Bytes::new())),
                        Some(Err(_)) => decoder.finish(End::Broken),
                        None => decoder.finish(End::Finished),
                    }
                }
                Self::Frames(frames) => match frames.next().await {
                    Some(Ok(Message::Text(text))) => return Item::of(&text),
                    Some(Ok(Message::Binary(data))) => return Item::Message(to_json(&data)),
                    Some(Ok(Message::Close(Some(frame)))) => {
                        return Item::End(End::Closed(frame.code.into()));
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => panic!("no sound end: {other:?}"),
                },
            }
        }
    }
}

/// For the body of this answer. What is not 200 has its error for its only record.
fn decoder(answer: &Response<Incoming>, face: Face) -> Decoder {
    let media = answer.headers()["content-type"].to_str().unwrap();
    let expected = match answer.status().as_u16() {
        200 => face.accept.split(';').next().unwrap(),
        _ => "application/json",
    };
    assert_eq!(media, expected);
    match answer.status().as_u16() {
        200 => Decoder::of(face.accept),
        status => Decoder::refused(status),
    }
}

fn descriptor() -> MessageDescriptor {
    static DESCRIPTOR: LazyLock<MessageDescriptor> =
        LazyLock::new(|| crate::pool().get_message_by_name("every.v1.All").unwrap());
    DESCRIPTOR.clone()
}

fn to_wire(json: &str) -> Bytes {
    let mut json = serde_json::Deserializer::from_str(json);
    let message = DynamicMessage::deserialize(descriptor(), &mut json).unwrap();
    message.encode_to_vec().into()
}

fn to_json(wire: &[u8]) -> Value {
    let message = DynamicMessage::decode(descriptor(), wire).unwrap();
    serde_json::to_value(message).unwrap()
}
