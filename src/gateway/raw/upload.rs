//! A raw body on its way to a method that takes a stream: cut into messages of a
//! bounded size, sent as fast as the backend takes them, never held as a whole.

use super::super::body;
use super::super::failure::Failure;
use super::super::matched::Owned;
use super::super::stream::Activity;
use crate::telemetry::observe::Exchange;
use crate::transcode::{self, RawPath};
use crate::upstream::{Outgoing, Sending};
use bytes::Bytes;
use http_body::{Body, Frame};
use std::fmt::Display;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

/// The most bytes that one message carries: well below the 4 MiB that gRPC servers
/// take by default, and enough that a message costs little beside them.
const PIECE: usize = 256 << 10;

/// Room for tags and lengths around the bytes.
const ENVELOPE: usize = 64;

/// Sends `body`. The first message, which comes even if the body is empty, carries
/// the media type and what path and query give; the others carry bytes alone.
pub(in crate::gateway) async fn run<B>(
    route: Owned,
    exchange: Exchange,
    body: B,
    content_type: String,
    bound: Vec<u8>,
    mut sending: Sending,
    activity: Arc<Activity>,
) -> Result<(), Failure>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    let source = Source {
        body: pin!(body),
        rest: Bytes::new(),
        exchange,
    };
    match pieces(
        &route,
        source,
        &content_type,
        &bound,
        &mut sending,
        &activity,
    )
    .await
    {
        Ok(()) => {
            sending.finish();
            Ok(())
        }
        Err(failure) => {
            sending.cancel();
            Err(failure)
        }
    }
}

async fn pieces<B>(
    route: &Owned,
    mut source: Source<'_, B>,
    content_type: &str,
    bound: &[u8],
    sending: &mut Sending,
    activity: &Activity,
) -> Result<(), Failure>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    let Some(path) = &route.raw().request else {
        return Ok(());
    };
    let first = source.piece().await?;
    let mut message = message(route, path, content_type, &first);
    message.buffer().extend_from_slice(bound);
    let input = route.binding().method.input;
    transcode::check_required(route.schema(), input, message.message())
        .map_err(Failure::BadBody)?;
    loop {
        source.exchange.message_sent(message.message().len());
        if sending.send(message).await.is_err() {
            // The backend takes no more; its answer says why.
            return Ok(());
        }
        activity.pass();
        let piece = source.piece().await?;
        if piece.is_empty() {
            return Ok(());
        }
        message = self::message(route, path, "", &piece);
    }
}

fn message(route: &Owned, path: &RawPath, content_type: &str, piece: &[Bytes]) -> Outgoing {
    let length: usize = piece.iter().map(Bytes::len).sum();
    let mut message = Outgoing::with_capacity(length + content_type.len() + ENVELOPE);
    transcode::put_raw(route.schema(), path, content_type, piece, message.buffer());
    message
}

/// A body, and what has come of it beyond the last piece.
struct Source<'a, B> {
    body: Pin<&'a mut B>,
    rest: Bytes,
    /// Who is told of what has come.
    exchange: Exchange,
}

impl<B> Source<'_, B>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    /// What has come, up to a piece; waits only for the first of it. Empty at the end.
    async fn piece(&mut self) -> Result<Vec<Bytes>, Failure> {
        let mut piece = Vec::new();
        let mut room = PIECE;
        while room > 0 {
            if self.rest.is_empty() {
                let frame = match piece.is_empty() {
                    true => body::next_of_stream(self.body.as_mut()).await?,
                    false => match self.at_once().await? {
                        Some(frame) => frame,
                        None => break,
                    },
                };
                let Some(frame) = frame else { break };
                self.rest = frame.into_data().unwrap_or_default();
                self.exchange.body_received(self.rest.len());
                continue;
            }
            let part = self.rest.split_to(room.min(self.rest.len()));
            room -= part.len();
            piece.push(part);
        }
        Ok(piece)
    }

    /// The next frame, or the end, if it is there already.
    async fn at_once(&mut self) -> Result<Option<Option<Frame<Bytes>>>, Failure> {
        let polled = std::future::poll_fn(|context| {
            Poll::Ready(match self.body.as_mut().poll_frame(context) {
                Poll::Ready(frame) => Some(frame.transpose()),
                Poll::Pending => None,
            })
        })
        .await;
        let frame = polled.transpose();
        frame.map_err(|error| Failure::BodyBroken(error.to_string()))
    }
}
