//! One unary call: the request on its way, the reply checked and read, all under
//! one deadline. Which faults are sent again is decided here, and only where the
//! backend surely did not handle the call, or where handling it twice is harmless.

use super::channel::Channel;
use super::connection::Connection;
use super::frame::Unary;
use super::head::{self, Head};
use super::incoming::Incoming;
use super::{Failure, LocalService, Reply, Request, status};
use bytes::Bytes;
use http::Response;
use http::uri::Authority;
use tokio::time::{Instant, timeout_at};
use tonic::Code;
use tower_service::Service as _;

/// Calls the backend behind `channel`.
pub(super) async fn remote(channel: &Channel, request: Request) -> Result<Reply, Failure> {
    until(request.deadline, async {
        let (head, framed) = split(request)?;
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
        let (head, framed) = split(request)?;
        let body = tonic::body::Body::new(http_body_util::Full::new(framed));
        let request = head.request(Authority::from_static("in-process"), body)?;
        let answer = ask(&mut service, request).await;
        read(answer.map(Incoming::local), limit).await
    })
    .await
}

/// Hands a request to a service in this process.
pub(super) async fn ask(
    service: &mut LocalService,
    request: http::Request<tonic::body::Body>,
) -> Response<tonic::body::Body> {
    let ready = std::future::poll_fn(|context| service.poll_ready(context)).await;
    let answer = match ready {
        Ok(()) => service.call(request).await,
        Err(never) => Err(never),
    };
    answer.unwrap_or_else(|never| match never {})
}

fn split(request: Request) -> Result<(Head, Bytes), Failure> {
    let Request {
        path,
        metadata,
        message,
        deadline,
        idempotent,
    } = request;
    let framed = message.seal()?;
    Ok((
        Head {
            path,
            metadata,
            idempotent,
            deadline,
        },
        framed,
    ))
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

/// Checks that the answer is gRPC and reads its one message and its status.
async fn read(response: Response<Incoming>, limit: usize) -> Result<Reply, Failure> {
    let (parts, mut body) = response.into_parts();
    let stated = head::check(parts.status, &parts.headers)?;
    let mut message = Unary::new(&parts.headers, limit);
    while let Some(data) = body.data().await? {
        message.push(data)?;
    }
    let trailers = body.trailers().await?;
    match status::read(&trailers).or(stated.then_some(Ok(()))) {
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
