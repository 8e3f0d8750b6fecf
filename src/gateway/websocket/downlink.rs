//! From the backend to the client: replies become frames, read as fast as the
//! client takes them.

use super::super::failure::Failure;
use super::super::matched::Owned;
use super::close::End;
use super::link::{Kind, Link, Socket};
use crate::telemetry::observe::Exchange;
use crate::upstream::{Code, Failure as Upstreams, Receiving};
use bytes::Bytes;
use futures_util::SinkExt as _;
use futures_util::stream::SplitSink;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

/// The backend's side of a call.
pub(super) struct Downlink<'a> {
    pub(super) route: &'a Owned,
    pub(super) link: &'a Link,
    pub(super) receiving: &'a mut Receiving,
    pub(super) sink: &'a mut SplitSink<Socket, Message>,
    pub(super) exchange: Exchange,
}

impl Downlink<'_> {
    /// Hands replies on until the call ends or the client takes no more.
    pub(super) async fn run(mut self) -> End {
        let ended = if self.route.binding().method.server_streaming {
            self.stream().await
        } else {
            self.single().await
        };
        ended.err().unwrap_or(End::Finished)
    }

    async fn stream(&mut self) -> Result<(), End> {
        while let Some(reply) = self.reply().await? {
            self.hand_on(&reply).await?;
            // Replies that are there already must not keep the client's waiting.
            tokio::task::coop::consume_budget().await;
        }
        self.exchange.called(Code::Ok, &"");
        Ok(())
    }

    /// The one reply, after its status: an error leaves none.
    async fn single(&mut self) -> Result<(), End> {
        let fault = |fault| Err(End::Failed(Failure::Upstream(Upstreams::Protocol(fault))));
        let Some(reply) = self.reply().await? else {
            return fault("status OK, but no message");
        };
        if self.reply().await?.is_some() {
            return fault("more than one message in a unary reply");
        }
        self.exchange.called(Code::Ok, &"");
        self.hand_on(&reply).await
    }

    /// The next reply. What was written before leaves only when there is none yet,
    /// so that many small ones leave together.
    async fn reply(&mut self) -> Result<Option<Bytes>, End> {
        let at_once = poll_fn(|context| Poll::Ready(self.receiving.poll_message(context))).await;
        let reply = match at_once {
            Poll::Ready(reply) => reply,
            Poll::Pending => {
                self.flush().await?;
                loop {
                    let ping = tokio::select! {
                        biased;
                        reply = self.receiving.message() => break reply,
                        () = self.link.ping.notified() => true,
                        () = self.link.flush.notified() => false,
                    };
                    if ping {
                        let patience = self.patience();
                        let ping = self.sink.feed(Message::Ping(Bytes::new()));
                        taken(self.link, patience, ping).await?;
                    }
                    self.flush().await?;
                }
            }
        };
        if let Ok(Some(message)) = &reply {
            self.exchange.message_received(message.len());
        }
        reply.map_err(|failure| End::Failed(Failure::Upstream(failure)))
    }

    async fn hand_on(&mut self, reply: &[u8]) -> Result<(), End> {
        let frame = match self.link.kind() {
            Kind::Binary => Message::Binary(Bytes::copy_from_slice(reply)),
            Kind::Text => {
                let mut json = Vec::with_capacity(reply.len() * 2 + 64);
                self.route
                    .write_line(reply, &mut json)
                    .map_err(End::Failed)?;
                let text = Utf8Bytes::try_from(json).expect("the transcoder writes UTF-8");
                Message::Text(text)
            }
        };
        self.link.activity.pass();
        let patience = self.patience();
        taken(self.link, patience, self.sink.feed(frame)).await
    }

    async fn flush(&mut self) -> Result<(), End> {
        let patience = self.patience();
        taken(self.link, patience, self.sink.flush()).await
    }

    /// How long the client may take nothing.
    fn patience(&self) -> Duration {
        let settings = &self.route.settings().websocket;
        settings.ping_interval + settings.pong_timeout
    }
}

/// Waits until what is written is taken; to have waited shows that the client lives.
async fn taken(
    link: &Link,
    patience: Duration,
    writing: impl Future<Output = Result<(), Error>>,
) -> Result<(), End> {
    let mut writing = pin!(writing);
    let at_once = poll_fn(|context| Poll::Ready(writing.as_mut().poll(context))).await;
    let written = match at_once {
        Poll::Ready(written) => written,
        Poll::Pending => {
            let written = timeout(patience, writing).await;
            link.alive.notify_one();
            written.map_err(|_| End::Lost("the client takes no frames"))?
        }
    };
    written.map_err(|_| End::Lost("the connection broke"))
}
