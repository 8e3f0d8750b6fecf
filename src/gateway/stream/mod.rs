//! Streaming calls over HTTP: a streamed request is read value by value, a streamed
//! reply is written record by record, in both directions at once where the method
//! is bidirectional.
//!
//! The head of the answer leaves when the backend's does. An error that is known by
//! then has its own HTTP status; a later one is the last record, after which the
//! body breaks off.

mod call;
mod framing;
mod limits;
mod pump;
mod replies;
mod split;

pub(super) use call::Call;
pub use framing::Framing;
pub(super) use framing::MEDIA_TYPES;
pub(super) use limits::{Activity, over};
pub(super) use pump::message;

use super::accept::{self, Form};
use super::answer::{self, Response};
use super::content::Label;
use super::failure::Failure;
use super::matched::Matched;
use super::{bind, body, exchange, metadata, raw, trailers, verdict};
use crate::rule::ReplySelector;
use crate::telemetry::observe::{Exchange, Phase};
use crate::upstream::{Code, Failure as Upstreams, Open, Outgoing, Receiving};
use axum::body::Body as AnyBody;
use bytes::Bytes;
use framing::Chosen;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use http_body::Body;
use replies::Replies;
use std::fmt::Display;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::time::Instant;

/// The request's messages on their way; it fails where the request is at fault.
pub(super) type Pump = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// How a streaming method is answered.
enum Answer {
    Stream(Chosen),
    Single(Form),
    /// A stream of bytes.
    Raw,
}

impl Answer {
    /// As `Accept` has it.
    fn by(headers: &HeaderMap, matched: &Matched<'_>) -> Result<Self, Failure> {
        let binding = matched.binding;
        if matched.raw.reply.is_some() {
            return Ok(match binding.method.server_streaming {
                true => Self::Raw,
                false => Self::Single(Form::Raw),
            });
        }
        if binding.method.server_streaming {
            let chosen = Chosen::by(headers, matched.manners.framing);
            return chosen.map(Self::Stream).ok_or(Failure::NoSuchFraming);
        }
        let whole = matches!(binding.reply, ReplySelector::Whole);
        let form = accept::form(headers, Label::Json, whole);
        form.map(Self::Single).ok_or(Failure::NotAcceptable)
    }
}

/// Answers a request for a streaming method.
pub(super) async fn respond<B>(
    matched: &Matched<'_>,
    head: &Parts,
    exchange: &mut Exchange,
    body: B,
) -> Result<Response, Failure>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Display + Send,
{
    let manners = matched.manners;
    let answer = Answer::by(&head.headers, matched)?;
    let asked = exchange::asked_timeout(&head.headers)?.unwrap_or(manners.stream_lifetime);
    let deadline = Instant::now() + asked.min(manners.stream_lifetime);
    let open = Open {
        path: matched.binding.method.path.clone(),
        metadata: metadata::of(head, matched.identity, matched.settings)?,
        deadline,
    };
    let activity = Arc::new(Activity::new());
    let mut over = Box::pin(over(matched.owned(), activity.clone(), deadline));
    let call = async {
        let begun = begin(matched, head, exchange, body, open, &activity);
        let (mut pump, mut receiving) = begun.await?;
        let headers = while_pumping(&mut pump, |context| receiving.poll_headers(context)).await?;
        let first = match answer {
            Answer::Stream(_) => peek(&mut pump, &mut receiving).await?,
            // Its type is part of the head.
            Answer::Raw => {
                while_pumping(&mut pump, |context| receiving.poll_message(context)).await?
            }
            Answer::Single(_) => Some(single(&mut pump, &mut receiving).await?),
        };
        Ok((headers, first, receiving, pump))
    };
    let begun = tokio::select! {
        biased;
        begun = call => begun,
        failure = &mut over => Err(failure),
    };
    let (headers, first, receiving, pump) = begun?;
    exchange.reach(Phase::Replied);
    if let Some(message) = &first {
        exchange.message_received(message.len());
    }
    let begun = Begun {
        headers,
        first,
        receiving,
        pump,
        activity,
        over,
    };
    answered(matched, &head.headers, exchange, answer, begun)
}

/// A call of which the head is there, and what it takes to go on with it.
struct Begun<O> {
    headers: HeaderMap,
    /// The first message, if it is there too.
    first: Option<Bytes>,
    receiving: Receiving,
    pump: Option<Pump>,
    activity: Arc<Activity>,
    over: O,
}

/// The answer to a request, whose body is all that is left to be made of the call.
fn answered(
    matched: &Matched<'_>,
    request: &HeaderMap,
    exchange: &mut Exchange,
    answer: Answer,
    begun: Begun<impl Future<Output = Failure> + Send + 'static>,
) -> Result<Response, Failure> {
    let Begun {
        headers,
        first,
        receiving,
        pump,
        activity,
        over,
    } = begun;
    let takes_trailers = trailers::are_taken(request);
    match answer {
        Answer::Stream(chosen) => {
            let call = Call::new(receiving, pump, over);
            let (route, framing) = (matched.owned(), chosen.framing);
            let watched = exchange.share();
            let replies = Replies::new(
                route,
                watched,
                framing,
                call,
                first,
                activity,
                takes_trailers,
            );
            let mut response = streamed(replies, chosen.media, &headers);
            if takes_trailers {
                trailers::announce_those_of(&mut response, &headers);
            }
            Ok(response)
        }
        Answer::Raw => {
            let (first, media) = matched.spell(Form::Raw, first.unwrap_or_default())?;
            let call = Call::new(receiving, pump, over);
            let (route, watched) = (matched.owned(), exchange.share());
            let download =
                raw::Download::new(route, watched, call, first, activity, takes_trailers);
            let mut response = answer::stream(download, media, &headers);
            verdict::apply_to_stream(&mut response, &headers);
            if takes_trailers {
                trailers::announce_those_of(&mut response, &headers);
            }
            Ok(response)
        }
        Answer::Single(form) => {
            exchange.called(Code::Ok, &"");
            let (body, media) = matched.spell(form, first.unwrap_or_default())?;
            exchange.reach(Phase::Encoded);
            let mut response = answer::ok(form, body, media, &headers);
            verdict::apply(&mut response, &headers);
            if let Some(metadata) = receiving.trailers() {
                trailers::attach(request, &mut response, metadata);
            }
            Ok(response)
        }
    }
}

/// Opens the call and gets its messages on the way: one for a unary request, the
/// whole body for a streamed one.
async fn begin<B>(
    matched: &Matched<'_>,
    head: &Parts,
    exchange: &mut Exchange,
    body: B,
    open: Open,
    activity: &Arc<Activity>,
) -> Result<(Option<Pump>, Receiving), Failure>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Display + Send,
{
    let query = head.uri.query();
    let upstream = &matched.worker.upstream;
    let label = matched.label(head, &body)?;
    if !matched.binding.method.client_streaming {
        let body = body::read(body, matched.settings, matched.manners.max_body).await?;
        exchange.body_received(body.len());
        let message = bind::message(matched, query, &body, label)?;
        exchange.reach(Phase::Decoded);
        exchange.call();
        exchange.message_sent(message.message().len());
        let (sending, receiving) = upstream.open(open).await.map_err(Failure::Upstream)?;
        return Ok((Some(Box::pin(send_one(sending, message))), receiving));
    }
    if let Label::Protobuf(_) = label {
        return Err(Failure::ProtobufForField);
    }
    let mut bound = Vec::new();
    bind::parameters(matched, query, &mut bound)?;
    exchange.call();
    let (sending, receiving) = upstream.open(open).await.map_err(Failure::Upstream)?;
    let watched = exchange.share();
    if let Label::Raw(content_type) = label {
        let content_type = content_type.to_owned();
        let (route, activity) = (matched.owned(), activity.clone());
        let upload = raw::upload(route, watched, body, content_type, bound, sending, activity);
        return Ok((Some(Box::pin(upload)), receiving));
    }
    let pump = pump::run(
        matched.owned(),
        watched,
        body,
        bound,
        sending,
        activity.clone(),
    );
    Ok((Some(Box::pin(pump)), receiving))
}

async fn send_one(mut sending: crate::upstream::Sending, message: Outgoing) -> Result<(), Failure> {
    // Where the backend takes no more, its answer says why.
    if sending.send(message).await.is_ok() {
        sending.finish();
    }
    Ok(())
}

/// Waits for the backend while the request goes on being sent. A fault of the
/// request ends the wait.
async fn while_pumping<T>(
    pump: &mut Option<Pump>,
    mut wait: impl FnMut(&mut std::task::Context<'_>) -> Poll<Result<T, Upstreams>>,
) -> Result<T, Failure> {
    poll_fn(|context| {
        if let Some(running) = pump
            && let Poll::Ready(pumped) = running.as_mut().poll(context)
        {
            *pump = None;
            if let Err(failure) = pumped {
                return Poll::Ready(Err(failure));
            }
        }
        wait(context).map_err(Failure::Upstream)
    })
    .await
}

/// The first message if it is there already, so that an error in its place still
/// has an HTTP status; the head does not wait for it.
async fn peek(
    pump: &mut Option<Pump>,
    receiving: &mut Receiving,
) -> Result<Option<Bytes>, Failure> {
    // What came with the head is handed on in the connection's next turn.
    tokio::task::yield_now().await;
    while_pumping(pump, |context| match receiving.poll_message(context) {
        Poll::Pending => Poll::Ready(Ok(None)),
        ready => ready,
    })
    .await
}

/// The one message of a unary reply, after its status.
async fn single(pump: &mut Option<Pump>, receiving: &mut Receiving) -> Result<Bytes, Failure> {
    let fault = |fault| Failure::Upstream(Upstreams::Protocol(fault));
    let message = while_pumping(pump, |context| receiving.poll_message(context)).await?;
    let message = message.ok_or_else(|| fault("status OK, but no message"))?;
    match while_pumping(pump, |context| receiving.poll_message(context)).await? {
        None => Ok(message),
        Some(_) => Err(fault("more than one message in a unary reply")),
    }
}

fn streamed(replies: Replies, media: HeaderValue, metadata: &HeaderMap) -> Response {
    let mut response = Response::new(AnyBody::new(replies));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, media);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(VARY, HeaderValue::from_static("accept"));
    // Asks nginx, and what understands it, not to hold records back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer::add_metadata(headers, metadata);
    verdict::apply_to_stream(&mut response, metadata);
    response
}
