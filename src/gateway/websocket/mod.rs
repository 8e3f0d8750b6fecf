//! Streaming calls over WebSocket (RFC 6455), for clients that cannot stream both
//! ways over HTTP: a browser's, above all.
//!
//! A handshake on the path of a streaming method opens its call, whatever HTTP
//! method the rule names, since a handshake can only be a GET. Path and query bind
//! as they do over HTTP. From there on:
//!
//! - A text frame is a message as JSON, as the rule's `body` has it; a binary frame
//!   is a whole request message of the method, as protobuf. Replies are of the kind
//!   that the client used last, JSON before that; the subprotocols `trestle.json`
//!   and `trestle.proto` fix it.
//! - An empty text frame says that no more messages come. Closing with 1000, or no
//!   code, says so too, but forgoes what is still to be answered.
//! - The call's end closes with 1000. An error is told in a text frame
//!   `{"error":{…}}`, always the last, and by the code: 4000 and the gRPC code, or
//!   what RFC 6455 has for faults of the client and for the end of the server. The
//!   reason is the error's message.
//!
//! A socket is read only while the backend takes messages, and a backend is read
//! only while the client takes frames.

mod close;
mod conversation;
mod downlink;
mod handshake;
mod link;
mod origin;
mod uplink;

use super::answer::Response;
use super::failure::Failure;
use super::identity::Identity;
use super::matched::Matched;
use super::{Worker, bind, content, exchange, metadata};
use crate::route::{Captures, Match};
use crate::rule::BodySelector;
use crate::telemetry::observe::{Exchange, Phase};
use crate::upstream::Open;
use conversation::Conversation;
use handshake::Handshake;
use http::request::Parts;
use http::{Method, StatusCode};
use std::sync::Arc;
use tokio::time::Instant;
use uplink::Opening;

/// Answers a handshake for a streaming method; `None` where the request is none, or
/// its path has no such method, and HTTP is to answer.
pub(super) fn respond(
    worker: &Arc<Worker>,
    head: &mut Parts,
    identity: &mut Identity,
    exchange: &mut Exchange,
) -> Result<Option<Response>, Failure> {
    if !handshake::is_asked(head) {
        return Ok(None);
    }
    let path = head.uri.path().to_owned();
    let Some((binding, captures)) = streaming(worker, &path)? else {
        return Ok(None);
    };
    identity.decide(exchange, head, Some(binding), &worker.tables.settings);
    let matched = Matched::new(worker, identity, binding, captures);
    let (settings, manners) = (matched.settings, matched.manners);
    let handshake = Handshake::check(head, &settings.websocket)?;
    let asked = exchange::asked_timeout(&head.headers)?.unwrap_or(manners.stream_lifetime);
    let open = Open {
        path: matched.binding.method.path.clone(),
        metadata: metadata::of(head, identity, settings)?,
        deadline: Instant::now() + asked.min(manners.stream_lifetime),
    };
    exchange.reach(Phase::Decoded);
    exchange.answered(StatusCode::SWITCHING_PROTOCOLS);
    let conversation = Conversation {
        route: matched.owned(),
        opening: opening(&matched, head.uri.query())?,
        open,
        kind: handshake.kind(),
        exchange: exchange.take(),
    };
    let (response, upgrade) = handshake.accept();
    tokio::spawn(conversation.run(upgrade));
    Ok(Some(response))
}

/// What path and query give: the whole request where the rule has no body and the
/// client sends no stream, else what goes with the first message.
fn opening(matched: &Matched<'_>, query: Option<&str>) -> Result<Opening, Failure> {
    let binding = matched.binding;
    if !binding.method.client_streaming && matches!(binding.body, BodySelector::None) {
        let message = bind::message(matched, query, b"", content::Label::Json)?;
        return Ok(Opening::Whole(message));
    }
    let mut bound = Vec::new();
    bind::parameters(matched, query, &mut bound)?;
    Ok(match binding.method.client_streaming {
        true => Opening::Stream(bound),
        false => Opening::First(bound),
    })
}

/// The streaming method of a path: GET's, else POST's, else that of the first HTTP
/// method by name.
fn streaming<'w>(
    worker: &'w Worker,
    path: &'w str,
) -> Result<Option<(usize, Captures<'w>)>, Failure> {
    let tables = &worker.tables;
    let find = |method: &Method| tables.routes.find(method, path).map_err(Failure::BadPath);
    let mut others = Vec::new();
    for method in [Method::GET, Method::POST] {
        match find(&method)? {
            Match::Found { binding, captures } if tables.is_streaming(binding) => {
                return Ok(Some((binding, captures)));
            }
            Match::WrongMethod { allow } => {
                let methods = allow
                    .split(", ")
                    .map(|name| Method::from_bytes(name.as_bytes()));
                others = methods.filter_map(Result::ok).collect();
            }
            Match::NoPath => return Ok(None),
            Match::Found { .. } => {}
        }
    }
    for method in others {
        if let Match::Found { binding, captures } = find(&method)?
            && tables.is_streaming(binding)
        {
            return Ok(Some((binding, captures)));
        }
    }
    Ok(None)
}
