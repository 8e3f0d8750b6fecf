//! Streaming calls over HTTP: a streamed request is read value by value, a streamed
//! reply is written record by record, in both directions at once where the method
//! is bidirectional.
//!
//! The head of the answer leaves when the backend's does. An error that is known by
//! then has its own HTTP status; a later one is the last record, after which the
//! body breaks off.

mod framing;
mod pump;
mod replies;
mod split;

pub use framing::Framing;
pub(super) use pump::message;
pub(super) use replies::Call;

use super::accept::{self, Form};
use super::answer::{self, Response};
use super::content::Label;
use super::failure::Failure;
use super::matched::Matched;
use super::{bind, body, exchange, metadata, raw};
use crate::telemetry::observe::{Exchange, Phase};
use crate::upstream::{Code, Failure as Upstreams, Open, Outgoing, Receiving};
use axum::body::Body as AnyBody;
use bytes::Bytes;
use framing::Chosen;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use http_body::Body;
use replies::Replies;
use std::fmt::Display;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use tokio::time::{Instant, timeout_at};

/// The request's messages on their way; it fails where the request is at fault.
pub(super) type Pump = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

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
    let Matched {
        manners, binding, ..
    } = *matched;
    let method = &binding.method;
    let is_raw = matched.raw.reply.is_some();
    let chosen = match method.server_streaming {
        _ if is_raw => Chosen::single(),
        true => Chosen::by(&head.headers, manners.framing).map_err(|_| Failure::NotAcceptable)?,
        false if accept::quality(&head.headers, "application/json").value <= 0.0 => {
            return Err(Failure::NotAcceptable);
        }
        false => Chosen::single(),
    };
    let asked = exchange::asked_timeout(&head.headers)?.unwrap_or(manners.stream_lifetime);
    let deadline = Instant::now() + asked.min(manners.stream_lifetime);
    let open = Open {
        path: method.path.clone(),
        metadata: metadata::of(head, matched.identity, matched.settings)?,
        deadline,
    };
    let call = async {
        let (pump, mut receiving) = begin(matched, head, exchange, body, open).await?;
        let mut pump = Some(pump);
        let headers = while_pumping(&mut pump, |context| receiving.poll_headers(context)).await?;
        if method.server_streaming {
            let first = match is_raw {
                // Its type is part of the head.
                true => while_pumping(&mut pump, |context| receiving.poll_message(context)).await?,
                false => peek(&mut pump, &mut receiving).await?,
            };
            return Ok((headers, first, receiving, pump));
        }
        let message = single(&mut pump, &mut receiving).await?;
        Ok((headers, Some(message), receiving, None))
    };
    let begun = timeout_at(deadline, call).await;
    let (headers, first, receiving, pump) =
        begun.unwrap_or(Err(Failure::Upstream(Upstreams::DeadlineExceeded)))?;
    exchange.reach(Phase::Replied);
    if let Some(message) = &first {
        exchange.message_received(message.len());
    }
    if !method.server_streaming {
        exchange.called(Code::Ok, &"");
        let form = if is_raw { Form::Raw } else { Form::Json };
        let (body, media) = matched.body(form, first.unwrap_or_default())?;
        exchange.reach(Phase::Encoded);
        return Ok(answer::ok(form, body, media, &headers));
    }
    let route = matched.owned();
    let call = Call {
        receiving,
        pump,
        exchange: exchange.share(),
    };
    if is_raw {
        let (first, media) = matched.body(Form::Raw, first.unwrap_or_default())?;
        let download = raw::Download::new(route, call, first, deadline);
        return Ok(answer::stream(download, media, &headers));
    }
    let replies = Replies::new(route, chosen.framing, call, first, deadline);
    Ok(streamed(replies, chosen.media, &headers))
}

/// Opens the call and gets its messages on the way: one for a unary request, the
/// whole body for a streamed one.
async fn begin<B>(
    matched: &Matched<'_>,
    head: &Parts,
    exchange: &mut Exchange,
    body: B,
    open: Open,
) -> Result<(Pump, Receiving), Failure>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Display + Send,
{
    let query = head.uri.query();
    let upstream = &matched.worker.upstream;
    let label = matched.label(head, &body)?;
    if !matched.binding.method.client_streaming {
        let body = body::read(body, matched.settings).await?;
        exchange.body_received(body.len());
        let message = bind::message(matched, query, &body, label)?;
        exchange.reach(Phase::Decoded);
        exchange.call();
        exchange.message_sent(message.message().len());
        let (sending, receiving) = upstream.open(open).await.map_err(Failure::Upstream)?;
        return Ok((Box::pin(send_one(sending, message)), receiving));
    }
    if let Label::Protobuf(_) = label {
        return Err(Failure::ProtobufForField);
    }
    let mut bound = Vec::new();
    bind::parameters(matched, query, &mut bound)?;
    exchange.call();
    let (sending, receiving) = upstream.open(open).await.map_err(Failure::Upstream)?;
    if let Label::Raw(content_type) = label {
        let content_type = content_type.to_owned();
        let route = matched.owned();
        let upload = raw::upload(route, exchange.share(), body, content_type, bound, sending);
        return Ok((Box::pin(upload), receiving));
    }
    let pump = pump::run(matched.owned(), exchange.share(), body, bound, sending);
    Ok((Box::pin(pump), receiving))
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
    // Asks nginx, and what understands it, not to hold records back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer::add_metadata(headers, metadata);
    response
}
