//! One HTTP exchange from head to answer: route, read, bind, call, answer.

use super::answer::{self, Response};
use super::body;
use super::content;
use super::failure::Failure;
use super::health;
use super::matched::Matched;
use super::settings::RouteSettings;
use super::{Worker, bind, head, metadata, stream, websocket};
use crate::route::Match;
use crate::rule::Idempotency;
use crate::upstream;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body::Body;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// Answers a request; whatever goes wrong is an answer too.
pub(super) async fn handle<B>(worker: &Arc<Worker>, request: http::Request<B>) -> Response
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Display + Send,
{
    let (head, body) = request.into_parts();
    let is_head = head.method == Method::HEAD;
    let mut response = match respond(worker, head, body).await {
        Ok(response) => response,
        Err(failure) => failure.into_error(&worker.tables.schema).respond(),
    };
    if is_head {
        without_body(&mut response);
    }
    response
}

async fn respond<B>(worker: &Arc<Worker>, mut head: Parts, body: B) -> Result<Response, Failure>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Display + Send,
{
    let Worker { tables, upstream } = &**worker;
    head::check(&head, &tables.settings)?;
    if let Some(response) = websocket::respond(worker, &mut head)? {
        return Ok(response);
    }
    let path = head.uri.path();
    let found = tables.routes.find(&head.method, path);
    match found.map_err(Failure::BadPath)? {
        Match::Found { binding, captures } => {
            let matched = Matched::new(worker, binding, captures);
            if matched.binding.method.is_streaming() {
                stream::respond(&matched, &head, body).await
            } else {
                call(&matched, &head, body).await
            }
        }
        _ if tables.settings.health_path.as_deref() == Some(path) => {
            health::answer(upstream, &head).await
        }
        Match::NoPath => Err(Failure::NoPath),
        Match::WrongMethod { allow } => {
            let allow = HeaderValue::from_str(&allow).unwrap_or(HeaderValue::from_static(""));
            if head.method == Method::OPTIONS {
                return Ok(answer::options(allow));
            }
            Err(wrong_method(allow, head.method))
        }
    }
}

/// 405 for a method that HTTP defines, 501 for one that it does not.
fn wrong_method(allow: HeaderValue, method: Method) -> Failure {
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
    if standard.contains(&method) {
        Failure::WrongMethod { allow, method }
    } else {
        Failure::UnknownMethod(method)
    }
}

async fn call<B>(matched: &Matched<'_>, head: &Parts, body: B) -> Result<Response, Failure>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    let Matched {
        settings,
        manners,
        binding,
        ..
    } = *matched;
    let method = &binding.method;
    if !content::accepts_json(&head.headers) {
        return Err(Failure::NotAcceptable);
    }
    let deadline = Instant::now() + timeout(&head.headers, manners)?;
    let metadata = metadata::of(&head.headers, settings)?;
    let label = matched.label(head, &body)?;
    let body = body::read(body, settings).await?;
    let message = bind::message(matched, head.uri.query(), &body, label)?;
    drop(body);
    if Instant::now() >= deadline {
        return Err(Failure::DeadlinePassed);
    }
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
    let mut json = Vec::with_capacity(reply.message.len() * 2 + 64);
    matched.write(&reply.message, &mut json)?;
    Ok(answer::ok(json, &reply.headers))
}

/// How long the call may take: what the request asks for, within the maximum.
fn timeout(headers: &HeaderMap, manners: &RouteSettings) -> Result<Duration, Failure> {
    let asked = asked_timeout(headers)?.unwrap_or(manners.default_deadline);
    Ok(asked.min(manners.max_deadline))
}

/// The timeout that a request asks for, if it does.
pub(super) fn asked_timeout(headers: &HeaderMap) -> Result<Option<Duration>, Failure> {
    let Some(value) = headers.get(GRPC_TIMEOUT) else {
        return Ok(None);
    };
    match upstream::parse_timeout(value.as_bytes()) {
        Some(timeout) => Ok(Some(timeout)),
        None => Err(Failure::BadTimeout(content::shown(value.as_bytes()))),
    }
}

/// The answer to HEAD: the headers of GET's, its length included.
fn without_body(response: &mut Response) {
    let length = http_body::Body::size_hint(response.body()).exact();
    *response.body_mut() = axum::body::Body::empty();
    if let Some(length) = length {
        response
            .headers_mut()
            .insert(http::header::CONTENT_LENGTH, HeaderValue::from(length));
    }
}
