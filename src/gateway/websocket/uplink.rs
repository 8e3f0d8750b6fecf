//! From the client to the backend: frames become messages, sent as fast as the
//! backend takes them; nothing is read while it takes none.

use super::super::failure::Failure;
use super::super::matched::Owned;
use super::super::stream;
use super::close::End;
use super::link::{Kind, Link, Socket};
use crate::telemetry::observe::Exchange;
use crate::transcode;
use crate::upstream::{Closed, Outgoing, Sending};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::SplitStream;
use prost::Message as _;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

/// What the handshake has of the request.
pub(super) enum Opening {
    /// All of it.
    Whole(Outgoing),
    /// What goes with the one message that the client has to send.
    First(Vec<u8>),
    /// What goes with the first message of the client's stream.
    Stream(Vec<u8>),
}

/// The client's side of a call.
pub(super) struct Uplink<'a> {
    pub(super) route: &'a Owned,
    pub(super) link: &'a Link,
    pub(super) frames: &'a mut SplitStream<Socket>,
    request: Request,
    /// What goes with the first message.
    bound: Vec<u8>,
    exchange: Exchange,
    /// Messages so far.
    count: usize,
}

enum Request {
    Open {
        sending: Sending,
        streams: bool,
    },
    /// The backend takes no more; its answer says why.
    Refused,
    /// The handshake had all of it.
    Given,
    /// It is complete, and this is what is wrong with sending more.
    Complete(&'static str),
}

/// How often a client that is not being read is looked for.
const GLANCE: Duration = Duration::from_millis(50);

impl<'a> Uplink<'a> {
    /// Sends the request as far as the handshake has it.
    pub(super) async fn open(
        route: &'a Owned,
        link: &'a Link,
        frames: &'a mut SplitStream<Socket>,
        mut sending: Sending,
        opening: Opening,
        mut exchange: Exchange,
    ) -> Self {
        let (request, bound) = match opening {
            Opening::Whole(message) => {
                exchange.message_sent(message.message().len());
                // Where the backend takes no more, its answer says why.
                if send(link, &mut sending, message).await.is_ok() {
                    sending.finish();
                }
                (Request::Given, Vec::new())
            }
            Opening::First(bound) => (
                Request::Open {
                    sending,
                    streams: false,
                },
                bound,
            ),
            Opening::Stream(bound) => (
                Request::Open {
                    sending,
                    streams: true,
                },
                bound,
            ),
        };
        Self {
            route,
            link,
            frames,
            request,
            bound,
            exchange,
            count: 0,
        }
    }

    /// Takes frames until the client leaves or does something wrong.
    pub(super) async fn run(mut self) -> End {
        loop {
            let frame = match self.next().await {
                Ok(frame) => frame,
                Err(end) => return end,
            };
            let done = match frame {
                Message::Text(text) if text.is_empty() => self.finish(),
                Message::Text(text) => self.take(Kind::Text, Bytes::from(text)).await,
                Message::Binary(data) => self.take(Kind::Binary, data).await,
                Message::Close(frame) => return self.leave(frame.as_ref()),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
            };
            if let Err(failure) = done {
                self.cancel();
                return End::Failed(failure);
            }
            // Frames that are there already must not keep the replies waiting.
            tokio::task::coop::consume_budget().await;
        }
    }

    /// The next frame, of a client that shows that it lives.
    async fn next(&mut self) -> Result<Message, End> {
        let settings = &self.route.settings().websocket;
        let limit = self.route.manners().max_body;
        let frame = match timeout(settings.ping_interval, self.frames.next()).await {
            Ok(frame) => frame,
            Err(_) => {
                self.link.ping.notify_one();
                tokio::select! {
                    frame = self.frames.next() => frame,
                    () = silence(self.link, settings.pong_timeout) => return Err(End::Lost("no pong")),
                }
            }
        };
        match frame {
            Some(Ok(frame)) => Ok(frame),
            Some(Err(Error::Capacity(_))) => Err(End::Failed(Failure::BodyTooLarge { limit })),
            Some(Err(Error::Utf8(_))) => Err(End::Failed(Failure::BadFrame {
                index: self.count + 1,
                fault: "a text frame must be UTF-8".to_owned(),
                field: String::new(),
            })),
            Some(Err(Error::Protocol(fault))) if !is_reset(&fault) => {
                Err(End::Violated(fault.to_string()))
            }
            Some(Err(_)) | None => Err(End::Lost("the connection broke")),
        }
    }

    async fn take(&mut self, kind: Kind, frame: Bytes) -> Result<(), Failure> {
        if !self.link.take(kind) {
            return Err(Failure::UnexpectedFrame(match kind {
                Kind::Text => "the subprotocol `trestle.proto` takes binary frames",
                Kind::Binary => "the subprotocol `trestle.json` takes text frames",
            }));
        }
        match &mut self.request {
            Request::Refused => Ok(()),
            // As over HTTP: `{}` says nothing that could be lost.
            Request::Given if matches!(&frame[..], b"{}" | b"") => Ok(()),
            Request::Given => Err(Failure::UnexpectedFrame(
                "this call takes no messages: its request is the path and the query",
            )),
            Request::Complete(fault) => Err(Failure::UnexpectedFrame(fault)),
            Request::Open { sending, streams } => {
                self.count += 1;
                let bound = std::mem::take(&mut self.bound);
                let message = message(self.route, kind, &frame, &bound)
                    .map_err(|error| bad(self.count, &error))?;
                self.link.activity.pass();
                self.exchange.message_sent(message.message().len());
                let sent = send(self.link, sending, message).await;
                self.link.activity.pass();
                match (sent, *streams) {
                    (Err(_), _) => self.request = Request::Refused,
                    (Ok(()), true) => {}
                    (Ok(()), false) => self.complete("this method takes one message"),
                }
                Ok(())
            }
        }
    }

    /// The client sends no more.
    fn finish(&mut self) -> Result<(), Failure> {
        if let Request::Open { streams: false, .. } = self.request {
            return Err(Failure::EmptyBody);
        }
        if let Request::Open { .. } = self.request {
            self.complete("a message after the empty frame that ends them");
        }
        Ok(())
    }

    fn complete(&mut self, fault: &'static str) {
        let before = std::mem::replace(&mut self.request, Request::Complete(fault));
        if let Request::Open { sending, .. } = before {
            sending.finish();
        }
    }

    fn cancel(self) {
        if let Request::Open { sending, .. } = self.request {
            sending.cancel();
        }
    }

    /// The client has closed. A clean close of its stream completes the request.
    fn leave(mut self, frame: Option<&CloseFrame>) -> End {
        let clean = frame.is_none_or(|frame| frame.code == CloseCode::Normal);
        let complete = clean && self.finish().is_ok();
        if !complete {
            self.cancel();
        }
        End::Left { complete }
    }
}

/// Sends a message. Nothing is read while the backend has no room for it, so a client
/// that leaves is looked for.
async fn send(link: &Link, sending: &mut Sending, message: Outgoing) -> Result<(), Closed> {
    let mut sent = pin!(sending.send(message));
    loop {
        tokio::select! {
            biased;
            sent = &mut sent => return sent,
            () = sleep(GLANCE) => link.flush.notify_one(),
        }
    }
}

/// Returns when nothing has shown for so long that the client takes anything.
async fn silence(link: &Link, limit: Duration) {
    loop {
        tokio::select! {
            () = link.alive.notified() => {}
            () = sleep(limit) => return,
        }
    }
}

fn is_reset(fault: &tokio_tungstenite::tungstenite::error::ProtocolError) -> bool {
    use tokio_tungstenite::tungstenite::error::ProtocolError;
    matches!(fault, ProtocolError::ResetWithoutClosingHandshake)
}

/// What is wrong with a message.
enum Fault {
    Json(transcode::ReadError),
    Wire(prost::DecodeError),
}

fn message(route: &Owned, kind: Kind, frame: &[u8], bound: &[u8]) -> Result<Outgoing, Fault> {
    if kind == Kind::Text {
        return stream::message(route, frame, bound).map_err(Fault::Json);
    }
    // What path and query give is written behind the message, where it wins. So the
    // message must end where its bytes do; reading it as one without fields says so.
    <()>::decode(frame).map_err(Fault::Wire)?;
    let mut message = Outgoing::with_capacity(frame.len() + bound.len());
    message.buffer().extend_from_slice(frame);
    message.buffer().extend_from_slice(bound);
    let input = route.binding().method.input;
    transcode::check_required(route.schema(), input, message.message()).map_err(Fault::Json)?;
    Ok(message)
}

fn bad(index: usize, fault: &Fault) -> Failure {
    match fault {
        Fault::Json(error) => Failure::BadFrame {
            index,
            fault: error.to_string(),
            field: error.path().to_owned(),
        },
        Fault::Wire(error) => Failure::BadFrame {
            index,
            fault: format!("not a protobuf message: {error}"),
            field: String::new(),
        },
    }
}
