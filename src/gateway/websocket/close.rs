//! How a WebSocket ends: what is told to the client, and by which code.

use super::super::error::Error;
use super::super::failure::Failure;
use super::link::Socket;
use crate::telemetry::observe::{self, Exchange};
use crate::transcode::Schema;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// Why a conversation is over.
#[derive(Debug)]
pub(super) enum End {
    /// The call has ended well and all of it was told.
    Finished,
    /// The call failed, or the client sent what it may not.
    Failed(Failure),
    /// The client broke RFC 6455.
    Violated(String),
    /// The client has closed; whether it had sent all of its request.
    Left { complete: bool },
    /// There is nobody to tell anything.
    Lost(&'static str),
}

impl End {
    /// What ended the exchange, as telemetry has it.
    pub(super) fn observed(&self) -> observe::End {
        match self {
            Self::Finished | Self::Left { complete: true } => observe::End::Complete,
            Self::Failed(_) => observe::End::Broken,
            Self::Violated(_) | Self::Left { .. } | Self::Lost(_) => observe::End::Cancelled,
        }
    }
}

/// How long the client has to take what it is told and to close its side.
const FAREWELL: Duration = Duration::from_secs(5);

/// What a close frame holds besides its code (RFC 6455 §5.5).
const MAX_REASON: usize = 123;

/// Tells the client how it ended and closes the connection.
pub(super) async fn close(
    end: End,
    exchange: &mut Exchange,
    schema: &Schema,
    mut sink: SplitSink<Socket, Message>,
    mut frames: SplitStream<Socket>,
) {
    let (code, reason, error) = match end {
        End::Finished => (CloseCode::Normal, String::new(), None),
        End::Violated(fault) => (CloseCode::Protocol, fault, None),
        End::Failed(failure) => {
            let own = own_code(&failure);
            let error = failure.tell(exchange, schema);
            let code = own.unwrap_or(CloseCode::from(4000 + error.code() as u16));
            (code, error.message().to_owned(), Some(record(&error)))
        }
        End::Left { .. } => {
            let _ = timeout(FAREWELL, answer(&mut sink)).await;
            return shut(sink, frames, true).await;
        }
        End::Lost(why) => {
            tracing::debug!(why, "a WebSocket was lost");
            return;
        }
    };
    let reason = Utf8Bytes::from(shortened(&reason));
    let farewell = async {
        if let Some(error) = error {
            sink.feed(Message::Text(error)).await?;
        }
        let frame = CloseFrame { code, reason };
        sink.send(Message::Close(Some(frame))).await?;
        // Until the client has closed too, or has broken off.
        let mut closed = false;
        while let Some(Ok(frame)) = frames.next().await {
            closed |= matches!(frame, Message::Close(_));
        }
        Ok::<_, tokio_tungstenite::tungstenite::Error>(closed)
    };
    if let Ok(Ok(closed)) = timeout(FAREWELL, farewell).await {
        shut(sink, frames, closed).await;
    }
}

/// Sends the answer to the client's close frame.
pub(super) async fn answer(sink: &mut SplitSink<Socket, Message>) {
    // A reply that was on its way cannot follow: it makes the first attempt fail.
    if sink.flush().await.is_err() {
        let _ = sink.flush().await;
    }
}

/// Ends the connection. What a client that has not closed still sends is thrown
/// away: a socket that is closed with bytes unread is reset, and a reset overtakes
/// what was told.
async fn shut(sink: SplitSink<Socket, Message>, frames: SplitStream<Socket>, closed: bool) {
    let Ok(socket) = sink.reunite(frames) else {
        return;
    };
    let mut io = socket.into_inner();
    let ended = async {
        io.shutdown().await?;
        let mut scratch = [0; 4 << 10];
        while !closed && io.read(&mut scratch).await? > 0 {}
        Ok::<_, std::io::Error>(())
    };
    let _ = timeout(FAREWELL, ended).await;
}

/// The last frame of a call that failed.
fn record(error: &Error) -> Utf8Bytes {
    let status = String::from_utf8(error.json()).expect("JSON is UTF-8");
    format!(r#"{{"error":{status}}}"#).into()
}

/// The code of an end for which RFC 6455 has one.
fn own_code(failure: &Failure) -> Option<CloseCode> {
    match failure {
        Failure::BadFrame { .. } | Failure::EmptyBody => Some(CloseCode::Invalid),
        Failure::BodyTooLarge { .. } => Some(CloseCode::Size),
        Failure::UnexpectedFrame(_) => Some(CloseCode::Unsupported),
        Failure::Closing => Some(CloseCode::Away),
        _ => None,
    }
}

/// As much of a text as a close frame takes, cut between characters.
fn shortened(text: &str) -> &str {
    let mut end = text.len().min(MAX_REASON);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_cut_between_characters() {
        assert_eq!(shortened("no"), "no");
        assert_eq!(shortened(&"é".repeat(100)), "é".repeat(61));
        assert_eq!(shortened(&"a".repeat(124)).len(), 123);
    }
}
