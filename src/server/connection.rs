//! One connection from its first byte to its end: which protocol it speaks, the
//! service for its requests, its timer, and its part in the drain.

use super::{
    Settings, exchange,
    io::Io,
    life::{Life, Verdict},
    sniff::{self, Protocol},
    unread::GLANCE,
    worker::Worker,
};
use axum::{body::Body, extract::ConnectInfo};
use http::{Request, Response};
use hyper::{
    body::Incoming,
    rt::Executor,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};
use tokio::{
    net::TcpStream,
    task::spawn_local,
    time::{Sleep, sleep, sleep_until},
};
use tower_service::Service;

/// Header fields that hyper takes in a request head. More than the service's
/// own limit, which it answers with a reason.
const MAX_HEADERS: usize = 256;
/// Bytes that hyper takes as a request head; more than the service's limit.
const MAX_HEAD: usize = 64 << 10;

/// How to speak each protocol.
pub(super) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<LocalExecutor>,
}

/// Runs the tasks of HTTP/2 streams on this worker.
#[derive(Debug, Clone, Copy)]
struct LocalExecutor;

impl<F: Future<Output: 'static> + 'static> Executor<F> for LocalExecutor {
    fn execute(&self, task: F) {
        spawn_local(task);
    }
}

impl Protocols {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut http1 = http1::Builder::new();
        http1.max_headers(MAX_HEADERS).max_buf_size(MAX_HEAD);
        // The timer of `drive` covers the head, so hyper's own stays off.
        http1.header_read_timeout(None);

        let limits = &settings.http2;
        let mut http2 = http2::Builder::new(LocalExecutor);
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.max_concurrent_streams)
            .initial_stream_window_size(limits.stream_window)
            .initial_connection_window_size(limits.connection_window)
            .max_header_list_size(MAX_HEAD as u32)
            .keep_alive_interval(limits.keepalive_interval)
            .keep_alive_timeout(limits.keepalive_timeout);
        Self { http1, http2 }
    }
}

/// Serves a connection until it ends or has to.
pub(super) async fn serve<S>(mut stream: TcpStream, worker: &Rc<Worker<S>>)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + 'static,
{
    let settings = &worker.settings;
    let sniffed = tokio::select! {
        biased;
        sniffed = sniff::protocol(&mut stream, settings) => sniffed,
        () = worker.drain.started() => None,
    };
    let Some((protocol, prefix)) = sniffed else {
        return;
    };
    let life = match protocol {
        Protocol::Http1 => Life::http1(settings),
        Protocol::Http2 => Life::http2(settings),
    };
    let service = {
        let (life, worker) = (Arc::clone(&life), Rc::clone(worker));
        let peer = settings.peer_address.then(|| stream.peer_addr().ok());
        let peer = peer.flatten().map(ConnectInfo);
        service_fn(move |mut request: Request<Incoming>| {
            if let Some(peer) = peer {
                request.extensions_mut().insert(peer);
            }
            exchange::run(worker.service.clone(), request, life.begin())
        })
    };
    let drain = worker.drain.started();
    let (io, closed) = Io::new(stream, prefix, protocol, Arc::clone(&life));
    let io = TokioIo::new(io);
    match protocol {
        Protocol::Http1 => {
            let connection = worker.protocols.http1.serve_connection(io, service);
            drive(
                connection.with_upgrades(),
                http1::UpgradeableConnection::graceful_shutdown,
                &life,
                drain,
            )
            .await;
            // An upgraded connection has timers of its own, but its place and its
            // part in the drain stay.
            life.unread.always_ask();
            closed.wait().await;
        }
        Protocol::Http2 => {
            let connection = worker.protocols.http2.serve_connection(io, service);
            drive(
                connection,
                http2::Connection::graceful_shutdown,
                &life,
                drain,
            )
            .await;
        }
    }
}

/// Polls a connection until it ends, with one timer that looks at its record
/// and is set anew only when it fires.
async fn drive<C: Future<Output = hyper::Result<()>>>(
    connection: C,
    finish: impl Fn(Pin<&mut C>),
    life: &Life,
    drain: impl Future<Output = ()>,
) {
    let mut connection = pin!(connection);
    let mut drain = pin!(drain);
    let mut drained = false;
    let mut timer = pin!(sleep_until(life.first_look().into()));
    let mut glance = None;
    poll_fn(|context| {
        loop {
            if let Poll::Ready(ended) = connection.as_mut().poll(context) {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended with an error");
                }
                return Poll::Ready(());
            }
            life.wait();
            if !drained && drain.as_mut().poll(context).is_ready() {
                drained = true;
                finish(connection.as_mut());
                timer.as_mut().reset(life.finish(Instant::now()).into());
                continue;
            }
            if is_glance_due(&mut glance, life, context) {
                // The connection flushes when it is polled, and then its socket looks.
                life.unread.ask();
                continue;
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            match life.look(Instant::now()) {
                Verdict::Look(next) => timer.as_mut().reset(next.into()),
                Verdict::Finish(next) => {
                    finish(connection.as_mut());
                    timer.as_mut().reset(next.into());
                }
                Verdict::Close => return Poll::Ready(()),
            }
        }
    })
    .await
}

/// Keeps the timer of a connection whose peer's end no read would tell of.
fn is_glance_due(
    timer: &mut Option<Pin<Box<Sleep>>>,
    life: &Life,
    context: &mut Context<'_>,
) -> bool {
    if !life.unread.is_unread() {
        *timer = None;
        return false;
    }
    let timer = timer.get_or_insert_with(|| Box::pin(sleep(GLANCE)));
    let due = timer.as_mut().poll(context).is_ready();
    if due {
        timer.as_mut().reset((Instant::now() + GLANCE).into());
    }
    due
}
