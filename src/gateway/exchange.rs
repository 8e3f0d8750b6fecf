//! One HTTP exchange from head to answer: route, read, bind, call, answer.

use super::accept::{self, Form};
use super::answer::{self, Response};
use super::body;
use super::content::{self, Label};
use super::cors;
use super::failure::Failure;
use super::finish;
use super::health;
use super::identity::Identity;
use super::settings::{RouteSettings, Settings};
use super::{Tables, bind, head, metadata};
use super::{compression, etag, trailers, verdict};
use crate::route::{Captures, Match};
use crate::rule::{Binding, BodySelector, Idempotency, ReplySelector};
use crate::transcode::{self, Schema};
use crate::upstream::{self, Upstream};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use http_body::Body;
use std::fmt::Display;
use std::time::Duration;
use tokio::time::Instant;

/// Answers a request; whatever goes wrong is an answer too.
pub(super) async fn handle<B>(
    tables: &Tables,
    upstream: &Upstream,
    request: http::Request<B>,
) -> Response
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    let (head, body) = request.into_parts();
    let identity = Identity::of(&head.headers, &tables.settings);
    let mut response = match respond(tables, upstream, &head, &identity, body).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(&tables.schema),
    };
    finish::finish(tables, &head, identity, &mut response);
    if tables.settings.compress {
        response = compression::apply(&head, response).await;
    }
    response
}

/// A request's route, with all that was decided for it at start-up.
pub(super) struct Matched<'a> {
    pub(super) schema: &'a Schema,
    pub(super) settings: &'a Settings,
    pub(super) manners: &'a RouteSettings,
    pub(super) identity: &'a Identity,
    pub(super) binding: &'a Binding,
    pub(super) captures: Captures<'a>,
}

async fn respond<B>(
    tables: &Tables,
    upstream: &Upstream,
    head: &Parts,
    identity: &Identity,
    body: B,
) -> Result<Response, Failure>
where
    B: Body<Data = Bytes>,
    B::Error: Display,
{
    let settings = &tables.settings;
    head::check(head, settings)?;
    if let Some(response) = cors::preflight(tables, head) {
        return Ok(response);
    }
    let path = head.uri.path();
    match tables
        .routes
        .find(&head.method, path)
        .map_err(Failure::BadPath)?
    {
        Match::Found { binding, captures } => {
            let matched = Matched {
                schema: &tables.schema,
                settings,
                manners: &tables.manners[binding],
                identity,
                binding: &tables.bindings[binding],
                captures,
            };
            call(&matched, upstream, head, body).await
        }
        _ if settings.health_path.as_deref() == Some(path) => health::answer(upstream, head).await,
        Match::NoPath => Err(Failure::NoPath),
        Match::WrongMethod { allow } => {
            let allow = HeaderValue::from_str(&allow).unwrap_or(HeaderValue::from_static(""));
            if head.method == Method::OPTIONS {
                return Ok(answer::options(allow));
            }
            Err(wrong_method(allow, head.method.clone()))
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

async fn call<B>(
    matched: &Matched<'_>,
    upstream: &Upstream,
    head: &Parts,
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
    if method.client_streaming || method.server_streaming {
        return Err(Failure::Streaming);
    }
    let label = match (body.is_end_stream(), &binding.body) {
        (_, BodySelector::None) => Label::Json,
        (true, _) => content::label_of_nothing(&head.headers),
        _ => content::label(&head.headers, &head.method)?,
    };
    let whole = matches!(binding.reply, ReplySelector::Whole);
    let form = accept::form(&head.headers, label, whole).ok_or(Failure::NotAcceptable)?;
    let deadline = Instant::now() + timeout(&head.headers, manners)?;
    let metadata = metadata::of(head, identity, settings)?;
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
    let reply = upstream.unary(request).await.map_err(Failure::Upstream)?;
    let body = match form {
        Form::Json => matched.write(&reply.message)?.into(),
        Form::Protobuf(_) => reply.message,
    };
    let tag = etag::of(head, settings, &body);
    let mut response = answer::ok(form, body, &reply.headers);
    verdict::apply(&mut response, &reply.headers);
    etag::apply(head, tag, &mut response);
    trailers::attach(&head.headers, &mut response, &reply.trailers);
    Ok(response)
}

impl Matched<'_> {
    /// A reply message, or the field of it that the rule selects, as JSON.
    fn write(&self, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let mut json = Vec::with_capacity(message.len() * 2 + 64);
        let options = &self.manners.write;
        match &self.binding.reply {
            ReplySelector::Whole => {
                let output = self.binding.method.output;
                transcode::wire_to_json(self.schema, output, message, options, &mut json)
            }
            ReplySelector::Field(field) => {
                transcode::field_to_json(self.schema, field, message, options, &mut json)
            }
        }
        .map_err(Failure::BadReply)?;
        Ok(json)
    }
}

/// How long the call may take: what the request asks for, within the maximum.
fn timeout(headers: &HeaderMap, manners: &RouteSettings) -> Result<Duration, Failure> {
    let Some(value) = headers.get(metadata::GRPC_TIMEOUT) else {
        return Ok(manners.default_deadline.min(manners.max_deadline));
    };
    upstream::parse_timeout(value.as_bytes())
        .map(|timeout| timeout.min(manners.max_deadline))
        .ok_or_else(|| Failure::BadTimeout(content::shown(value.as_bytes())))
}
