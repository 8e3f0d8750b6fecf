//! One unary call: the request on its way, the reply checked and read, all under
//! one deadline. Which faults are sent again is decided here, and only where the
//! backend surely did not handle the call, or where handling it twice is harmless.

use super::channel::Channel;
use super::connection::Connection;
use super::frame::Unary;
use super::incoming::Incoming;
use super::{Failure, LocalService, Reply, Request, status, timeout};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, TE, USER_AGENT};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, Version};
use tokio::time::{Instant, timeout_at};
use tonic::Code;
use tower_service::Service as _;

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const TRAILERS: HeaderValue = HeaderValue::from_static("trailers");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("trestle/", env!("CARGO_PKG_VERSION")));
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// Calls the backend behind `channel`.
pub(super) async fn remote(channel: &Channel, request: Request) -> Result<Reply, Failure> {
    until(request.deadline, async {
        let (head, framed) = Head::split(request)?;
        let mut refused_before = false;
        loop {
            let connection = channel.connection().await?;
            match attempt(channel, connection, &head, framed.clone()).await {
                Ok(reply) => return Ok(reply),
                Err(Ended::Unhandled) => {}
                Err(Ended::Refused) if !refused_before => refused_before = true,
                Err(Ended::Refused) => return Err(Failure::Reset(h2::Reason::REFUSED_STREAM)),
                Err(Ended::Failed(failure)) => return Err(failure),
            }
        }
    })
    .await
}

/// Calls a service in the same process.
pub(super) async fn local(
    mut service: LocalService,
    limit: usize,
    request: Request,
) -> Result<Reply, Failure> {
    until(request.deadline, async {
        let (head, framed) = Head::split(request)?;
        let body = tonic::body::Body::new(http_body_util::Full::new(framed));
        let request = head.request(Authority::from_static("in-process"), body)?;
        let ready = std::future::poll_fn(|context| service.poll_ready(context)).await;
        let answer = match ready {
            Ok(()) => service.call(request).await,
            Err(never) => Err(never),
        };
        let answer = answer.unwrap_or_else(|never| match never {});
        read(
            answer.map(|body| Incoming::Local {
                body,
                trailers: HeaderMap::new(),
            }),
            limit,
        )
        .await
    })
    .await
}

/// Runs `call` until the deadline; a cancellation that the backend reports after
/// the deadline is the deadline's.
async fn until<F>(deadline: Instant, call: F) -> Result<Reply, Failure>
where
    F: Future<Output = Result<Reply, Failure>>,
{
    match timeout_at(deadline, call).await {
        Err(_) => Err(Failure::DeadlineExceeded),
        Ok(Err(failure)) if failure.code() == Code::Cancelled && Instant::now() >= deadline => {
            Err(Failure::DeadlineExceeded)
        }
        Ok(answer) => answer,
    }
}

/// How an attempt ended without a reply.
enum Ended {
    /// It surely never reached the service: another connection may have it.
    Unhandled,
    /// The backend refused the stream before handling it.
    Refused,
    Failed(Failure),
}

async fn attempt(
    channel: &Channel,
    mut connection: Connection,
    head: &Head,
    framed: Bytes,
) -> Result<Reply, Ended> {
    let request = head
        .request(channel.endpoint().authority.clone(), ())
        .map_err(Ended::Failed)?;
    let running = connection.shared.call();
    let Ok((response, mut body)) = connection.sender.send_request(request, false) else {
        // Closed or going away; nothing left this process.
        channel.retire(&connection);
        return Err(Ended::Unhandled);
    };
    let failed = |error: h2::Error| {
        let going_away = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
        if error.is_go_away() || error.is_io() {
            channel.retire(&connection);
        }
        // On a graceful GOAWAY h2 fails exactly the streams above the last one that
        // the backend will handle, and the connection lives on for the others. Once
        // the connection is gone as well, the rest fail alike and prove nothing.
        if going_away && (!connection.shared.is_closed() || head.idempotent) {
            return Ended::Unhandled;
        }
        match Failure::from(error) {
            Failure::Reset(h2::Reason::REFUSED_STREAM) => Ended::Refused,
            failure => Ended::Failed(failure),
        }
    };
    // An error here is the stream's, and the response tells it with its reason.
    let _ = body.send_data(framed, true);
    let response = response.await.map_err(failed)?;
    connection.shared.prove();
    let response = response.map(|stream| Incoming::Stream(stream, running));
    read(response, channel.settings().max_reply_message)
        .await
        .map_err(Ended::Failed)
}

/// The parts of a request that every attempt shares.
struct Head {
    path: PathAndQuery,
    metadata: Vec<(HeaderName, HeaderValue)>,
    idempotent: bool,
    deadline: Instant,
}

impl Head {
    fn split(request: Request) -> Result<(Self, Bytes), Failure> {
        let Request {
            path,
            metadata,
            message,
            deadline,
            idempotent,
        } = request;
        let framed = message
            .seal()
            .ok_or(Failure::Protocol("a request message of 4 GiB or more"))?;
        Ok((
            Self {
                path,
                metadata,
                idempotent,
                deadline,
            },
            framed,
        ))
    }

    fn request<B>(&self, authority: Authority, body: B) -> Result<http::Request<B>, Failure> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let mut headers = HeaderMap::with_capacity(self.metadata.len() + 4);
        headers.insert(TE, TRAILERS);
        headers.insert(CONTENT_TYPE, GRPC);
        headers.insert(USER_AGENT, AGENT);
        headers.insert(GRPC_TIMEOUT, timeout::encode(left));
        for (name, value) in &self.metadata {
            headers.append(name.clone(), value.clone());
        }
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(authority);
        parts.path_and_query = Some(self.path.clone());
        let uri = Uri::from_parts(parts)
            .map_err(|_| Failure::Protocol("a method path that is not a URI"))?;
        let mut request = http::Request::new(body);
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// Checks that the answer is gRPC and reads its one message and its status.
async fn read(response: Response<Incoming>, limit: usize) -> Result<Reply, Failure> {
    let (parts, mut body) = response.into_parts();
    let stated = status::read(&parts.headers);
    if let Some(Err(status)) = stated {
        return Err(Failure::Status(status));
    }
    if parts.status != StatusCode::OK || !is_grpc(&parts.headers) {
        return Err(Failure::NotGrpc(parts.status));
    }
    let mut message = Unary::new(&parts.headers, limit);
    while let Some(data) = body.data().await? {
        message.push(data)?;
    }
    let trailers = body.trailers().await?;
    match status::read(&trailers).or(stated) {
        None if message.is_inside_message() => {
            Err(Failure::Protocol("the body ended inside a message"))
        }
        None => Err(Failure::NoStatus),
        Some(Err(mut status)) => {
            status.headers = parts.headers;
            Err(Failure::Status(status))
        }
        Some(Ok(())) => Ok(Reply {
            headers: parts.headers,
            message: message.finish()?,
            trailers,
        }),
    }
}

/// `application/grpc`, also with a suffix or parameters.
fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.as_bytes().strip_prefix(b"application/grpc"))
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';' | b' ')))
}
