//! One HTTP exchange from head to answer: route, read, bind, call, answer.

use super::answer::{self, Response};
use super::body;
use super::content;
use super::cors;
use super::decoding::Decoded;
use super::documents::{self, Page};
use super::failure::Failure;
use super::finish;
use super::health;
use super::identity::Identity;
use super::matched::Matched;
use super::settings::RouteSettings;
use super::{Worker, bind, head, metadata, stream, websocket};
use super::{compression, etag, trailers, verdict};
use crate::route::Match;
use crate::rule::Idempotency;
use crate::telemetry::observe::{Exchange, Phase};
use crate::upstream::{self, Code};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use http_body::Body;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Answers a request; whatever goes wrong is an answer too.
pub(super) async fn handle<B>(worker: &Arc<Worker>, request: http::Request<B>) -> Response
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Display + Send,
{
    let (mut head, body) = request.into_parts();
    let settings = &worker.tables.settings;
    let mut exchange = worker.recorder.exchange(&head);
    let mut identity = Identity::of(&head.headers);
    let answer = respond(worker, &mut head, &mut identity, &mut exchange, body).await;
    // Where no route was found there is nothing that could have decided before.
    identity.decide(&mut exchange, &head, None, settings);
    let mut response = answer
        .unwrap_or_else(|failure| failure.tell(&mut exchange, &worker.tables.schema).respond());
    finish::finish(&worker.tables, &head, identity, &mut response);
    if settings.compress {
        response = compression::apply(&head, response).await;
    }
    finish::watch(exchange, response)
}

async fn respond<B>(
    worker: &Arc<Worker>,
    head: &mut Parts,
    identity: &mut Identity,
    exchange: &mut Exchange,
    body: B,
) -> Result<Response, Failure>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Display + Send,
{
    let Worker {
        tables, upstream, ..
    } = &**worker;
    let settings = &tables.settings;
    head::check(head, settings)?;
    if let Some(response) = websocket::respond(worker, head, identity, exchange)? {
        return Ok(response);
    }
    let head = &*head;
    if let Some(response) = cors::preflight(tables, head) {
        return Ok(response);
    }
    let path = head.uri.path();
    if path == "*" {
        let allow = HeaderValue::from_str(tables.routes.allow());
        return Ok(answer::options(
            allow.unwrap_or(HeaderValue::from_static("")),
        ));
    }
    let found = tables.routes.find(&head.method, path);
    match found.map_err(Failure::BadPath)? {
        Match::Found { binding, captures } => {
            identity.decide(exchange, head, Some(binding), settings);
            let matched = Matched::new(worker, identity, binding, captures);
            let body = Decoded::new(body, &head.headers, matched.manners.max_body)?;
            if matched.binding.method.is_streaming() {
                stream::respond(&matched, head, exchange, body).await
            } else {
                call(&matched, head, exchange, body).await
            }
        }
        _ if settings.health_path.as_deref() == Some(path) => health::answer(upstream, head).await,
        Match::NoPath => match Page::at(tables, path) {
            Some(page) => documents::answer(tables, page, head),
            None => Err(Failure::NoPath),
        },
        Match::WrongMethod { allow } => {
            let allow = HeaderValue::from_str(&allow).unwrap_or(HeaderValue::from_static(""));
            if head.method == Method::OPTIONS {
                return Ok(answer::options(allow));
            }
            Err(wrong_method(
                tables.routes.allow(),
                allow,
                head.method.clone(),
            ))
        }
    }
}

/// 405 for a method that HTTP defines or that some other route has, 501 for one that
/// nobody knows (RFC 9110 §9.1).
fn wrong_method(known: &str, allow: HeaderValue, method: Method) -> Failure {
    let standard = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
        Method::CONNECT,
    ];
    // QUERY is one of them too, and newer than the library.
    let is_known = |name: &str| name == "QUERY" || known.split(", ").any(|known| known == name);
    if standard.contains(&method) || is_known(method.as_str()) {
        Failure::WrongMethod { allow, method }
    } else {
        Failure::UnknownMethod(method)
    }
}

async fn call<B>(
    matched: &Matched<'_>,
    head: &Parts,
    exchange: &mut Exchange,
    body: B,
) -> Result<Response, Failure>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    let Matched {
        settings,
        manners,
        identity,
        binding,
        ..
    } = *matched;
    let method = &binding.method;
    let label = matched.label(head, &body)?;
    let form = matched.form(head, label)?;
    let deadline = Instant::now() + timeout(&head.headers, manners)?;
    let metadata = metadata::of(head, identity, settings)?;
    let body = body::read(body, settings, manners.max_body).await?;
    exchange.body_received(body.len());
    let message = bind::message(matched, head.uri.query(), &body, label)?;
    drop(body);
    if Instant::now() >= deadline {
        return Err(Failure::DeadlinePassed);
    }
    exchange.reach(Phase::Decoded);
    exchange.call();
    exchange.message_sent(message.message().len());
    let request = upstream::Request {
        path: method.path.clone(),
        metadata,
        message,
        deadline,
        idempotent: method.idempotency != Idempotency::Unknown
            || matches!(head.method, Method::GET | Method::HEAD),
    };
    let reply = matched
        .worker
        .upstream
        .unary(request)
        .await
        .map_err(Failure::Upstream)?;
    exchange.message_received(reply.message.len());
    exchange.called(Code::Ok, &"");
    exchange.reach(Phase::Replied);
    let (body, media) = matched.spell(form, reply.message)?;
    exchange.reach(Phase::Encoded);
    let tag = etag::of(head, settings, &body);
    let mut response = answer::ok(form, body, media, &reply.headers);
    verdict::apply(&mut response, &reply.headers);
    etag::apply(head, tag, &mut response);
    trailers::attach(&head.headers, &mut response, &reply.trailers);
    Ok(response)
}

/// How long the call may take: what the request asks for, within the maximum.
fn timeout(headers: &HeaderMap, manners: &RouteSettings) -> Result<Duration, Failure> {
    let asked = asked_timeout(headers)?.unwrap_or(manners.default_deadline);
    Ok(asked.min(manners.max_deadline))
}

/// The timeout that a request asks for, if it does.
pub(super) fn asked_timeout(headers: &HeaderMap) -> Result<Option<Duration>, Failure> {
    let Some(value) = headers.get(metadata::GRPC_TIMEOUT) else {
        return Ok(None);
    };
    match upstream::parse_timeout(value.as_bytes()) {
        Some(timeout) => Ok(Some(timeout)),
        None => Err(Failure::BadTimeout(content::shown(value.as_bytes()))),
    }
}
