//! A call with a stream in one direction or both: a half to send messages with,
//! and a half to receive them with. Neither reads ahead of its user, so a slow
//! reader slows the backend and nothing is buffered on the way.

use super::deframe::Deframer;
use super::head::{self, Head};
use super::incoming::Incoming;
use super::pool::Pool;
use super::{Failure, LocalService, Outgoing, call, status};
use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{Reason, SendStream};
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A streaming call to open.
#[derive(Debug)]
pub struct Open {
    /// `/package.Service/Method`, from the descriptors and never from input.
    pub path: PathAndQuery,
    /// Metadata to send, already filtered: no reserved names.
    pub metadata: Vec<(HeaderName, HeaderValue)>,
    /// When the call must have ended; the caller enforces it, the backend is told.
    pub deadline: Instant,
}

/// The half of a call that sends messages. Dropping it without
/// [`finish`](Sending::finish) cancels the call.
#[derive(Debug)]
pub struct Sending(Way);

#[derive(Debug)]
enum Way {
    Remote(SendStream<Bytes>),
    Local {
        sender: mpsc::Sender<Frame<Bytes>>,
        /// Tells an end that was meant from a sender that was dropped.
        finished: Arc<AtomicBool>,
    },
}

/// The half of a call that receives messages. Dropping it cancels the call.
pub struct Receiving {
    state: State,
    limit: usize,
}

enum State {
    /// The backend has not answered yet.
    Waiting(Pin<Box<dyn Future<Output = Result<Response<Incoming>, Failure>> + Send>>),
    Messages {
        body: Incoming,
        deframer: Deframer,
        /// A status OK stood in the head already.
        stated: bool,
    },
    Trailers {
        body: Incoming,
        inside_message: bool,
        stated: bool,
    },
    Ended(HeaderMap),
}

impl From<Open> for Head {
    fn from(open: Open) -> Self {
        let Open {
            path,
            metadata,
            deadline,
        } = open;
        Self {
            path,
            metadata,
            idempotent: false,
            deadline,
        }
    }
}

/// Opens a call on one of the connections for streams.
pub(super) async fn remote(
    pool: &Pool,
    open: Open,
    limit: usize,
) -> Result<(Sending, Receiving), Failure> {
    let head = Head::from(open);
    loop {
        let channel = pool.channel();
        let mut connection = channel.connection().await?;
        let request = head.request(channel.endpoint().authority.clone(), ())?;
        let running = connection.shared.call();
        let Ok((response, body)) = connection.sender.send_request(request, false) else {
            // Closed or going away; nothing left this process.
            channel.retire(&connection);
            continue;
        };
        let answer = async move {
            let answer = answered(response).await;
            if answer.is_ok() {
                connection.shared.prove();
            } else if connection.shared.is_closed() {
                channel.retire(&connection);
            }
            Ok(answer?.map(|stream| Incoming::Stream(stream, running)))
        };
        let receiving = Receiving {
            state: State::Waiting(Box::pin(answer)),
            limit,
        };
        return Ok((Sending(Way::Remote(body)), receiving));
    }
}

async fn answered(response: ResponseFuture) -> Result<Response<h2::RecvStream>, Failure> {
    response.await.map_err(Failure::from)
}

/// Opens a call to a service in the same process.
pub(super) fn local(
    mut service: LocalService,
    open: Open,
    limit: usize,
) -> Result<(Sending, Receiving), Failure> {
    let head = Head::from(open);
    // One message under way at a time: the service takes it before the next.
    let (sender, messages) = mpsc::channel(1);
    let finished = Arc::new(AtomicBool::new(false));
    let messages = StreamBody::new(Received {
        messages,
        finished: finished.clone(),
    });
    let request = head.request(
        Authority::from_static("in-process"),
        tonic::body::Body::new(messages),
    )?;
    let answer = async move { Ok(call::ask(&mut service, request).await.map(Incoming::local)) };
    let receiving = Receiving {
        state: State::Waiting(Box::pin(answer)),
        limit,
    };
    Ok((Sending(Way::Local { sender, finished }), receiving))
}

/// The messages of a request body in this process.
struct Received {
    messages: mpsc::Receiver<Frame<Bytes>>,
    finished: Arc<AtomicBool>,
}

impl futures_core::Stream for Received {
    type Item = Result<Frame<Bytes>, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let message = ready!(self.messages.poll_recv(context));
        Poll::Ready(match message {
            Some(message) => Some(Ok(message)),
            // An end is told once; a stream that failed is not asked again.
            None if self.finished.swap(true, Ordering::Relaxed) => None,
            None => Some(Err(Failure::Reset(Reason::CANCEL))),
        })
    }
}

// === impl Sending ===

impl Sending {
    /// Sends a message, when the backend has room for it. An error says only that
    /// the backend takes no more; why is for [`Receiving`] to tell.
    pub async fn send(&mut self, message: Outgoing) -> Result<(), Closed> {
        let mut frame = message.seal().map_err(|_| Closed)?;
        match &mut self.0 {
            Way::Local { sender, .. } => sender.send(Frame::data(frame)).await.map_err(|_| Closed),
            Way::Remote(stream) => {
                while !frame.is_empty() {
                    stream.reserve_capacity(frame.len());
                    let room = poll_fn(|context| stream.poll_capacity(context)).await;
                    let room = room.and_then(Result::ok).ok_or(Closed)?;
                    let piece = frame.split_to(room.min(frame.len()));
                    stream.send_data(piece, false).map_err(|_| Closed)?;
                }
                Ok(())
            }
        }
    }

    /// Says that no more messages come.
    pub fn finish(self) {
        match self.0 {
            // An error means that the backend has ended the call already.
            Way::Remote(mut stream) => drop(stream.send_data(Bytes::new(), true)),
            Way::Local { finished, .. } => finished.store(true, Ordering::Relaxed),
        }
    }

    /// Ends the call: what was sent so far is not the whole.
    pub fn cancel(self) {
        if let Way::Remote(mut stream) = self.0 {
            stream.send_reset(Reason::CANCEL);
        }
    }
}

/// The backend takes no more messages of this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

// === impl Receiving ===

impl Receiving {
    /// The initial metadata, when the backend has sent it.
    pub async fn headers(&mut self) -> Result<HeaderMap, Failure> {
        poll_fn(|context| self.poll_headers(context)).await
    }

    /// As [`headers`](Self::headers). To be called until it is ready, once.
    pub fn poll_headers(&mut self, context: &mut Context<'_>) -> Poll<Result<HeaderMap, Failure>> {
        let State::Waiting(answer) = &mut self.state else {
            return Poll::Ready(Ok(HeaderMap::new()));
        };
        let response = ready!(answer.as_mut().poll(context))?;
        let (parts, body) = response.into_parts();
        let stated = head::check(parts.status, &parts.headers)?;
        let deframer = Deframer::new(&parts.headers, self.limit);
        self.state = State::Messages {
            body,
            deframer,
            stated,
        };
        Poll::Ready(Ok(parts.headers))
    }

    /// The next message; `None` after the last of a call that ended with status OK.
    pub async fn message(&mut self) -> Result<Option<Bytes>, Failure> {
        poll_fn(|context| self.poll_message(context)).await
    }

    /// As [`message`](Self::message). After an error there is nothing more to ask.
    pub fn poll_message(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Failure>> {
        loop {
            match &mut self.state {
                State::Waiting(_) => {
                    ready!(self.poll_headers(context))?;
                }
                State::Messages { body, deframer, .. } => {
                    if let Some(message) = deframer.next()? {
                        return Poll::Ready(Ok(Some(message)));
                    }
                    match ready!(body.poll_data(context))? {
                        Some(data) => deframer.push(data),
                        None => self.end_messages(),
                    }
                }
                State::Trailers {
                    body,
                    inside_message,
                    stated,
                } => {
                    let trailers = ready!(body.poll_trailers(context))?;
                    match status::read(&trailers).or(stated.then_some(Ok(()))) {
                        Some(Err(status)) => return Poll::Ready(Err(Failure::Status(status))),
                        _ if *inside_message => {
                            let fault = Failure::Protocol("the body ended inside a message");
                            return Poll::Ready(Err(fault));
                        }
                        None => return Poll::Ready(Err(Failure::NoStatus)),
                        Some(Ok(())) => self.state = State::Ended(trailers),
                    }
                }
                State::Ended(_) => return Poll::Ready(Ok(None)),
            }
        }
    }

    /// The trailing metadata, after the last message.
    pub fn trailers(&self) -> Option<&HeaderMap> {
        match &self.state {
            State::Ended(trailers) => Some(trailers),
            _ => None,
        }
    }

    fn end_messages(&mut self) {
        let state = std::mem::replace(&mut self.state, State::Ended(HeaderMap::new()));
        if let State::Messages {
            body,
            deframer,
            stated,
        } = state
        {
            let inside_message = deframer.is_inside_message();
            self.state = State::Trailers {
                body,
                inside_message,
                stated,
            };
        }
    }
}

impl fmt::Debug for Receiving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiving").finish_non_exhaustive()
    }
}
