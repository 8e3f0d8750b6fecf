//! One worker: a thread with a current-thread runtime, its own service, and the
//! connections it was handed. Nothing in here crosses threads but the hand-over.

use super::{
    Drain, Settings,
    connection::{self, Protocols},
};
use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use std::{
    cell::Cell,
    convert::Infallible,
    io,
    net::TcpStream as StdTcpStream,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};
use tokio::{
    net::TcpStream,
    runtime::{Builder, LocalRuntime},
    sync::{Notify, OwnedSemaphorePermit, mpsc},
    task::spawn_local,
    time::timeout,
};
use tower_service::Service;

/// The acceptor's end of a worker.
pub(super) struct Handle {
    queue: mpsc::UnboundedSender<Accepted>,
    connections: Arc<AtomicUsize>,
}

/// A connection on its way from the acceptor to its worker.
pub(super) struct Accepted {
    pub(super) stream: StdTcpStream,
    pub(super) slot: Slot,
}

/// A connection's place: in its worker's count and in the server's limit.
pub(super) struct Slot {
    connections: Arc<AtomicUsize>,
    _permit: OwnedSemaphorePermit,
}

/// A worker's thread is over.
pub(super) struct Exit {
    pub(super) worker: usize,
    pub(super) panicked: bool,
}

/// What the connections of one worker share.
pub(super) struct Worker<S> {
    pub(super) service: S,
    pub(super) settings: Settings,
    pub(super) protocols: Protocols,
    /// Begins when the acceptor has closed the listener.
    pub(super) drain: Drain,
    active: Cell<usize>,
    emptied: Notify,
}

/// Starts worker `index`. It serves what its [`Handle`] is sent, drains when the
/// handle is dropped, and reports its end, panics included, on `exited`.
pub(super) fn start<F, S>(
    index: usize,
    settings: Settings,
    make: F,
    exited: mpsc::UnboundedSender<Exit>,
) -> io::Result<Handle>
where
    F: FnOnce(usize) -> S + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + 'static,
{
    let (queue, accepted) = mpsc::unbounded_channel();
    let connections = Arc::new(AtomicUsize::new(0));
    let (runtime_made, made) = std::sync::mpsc::sync_channel(1);
    thread::Builder::new()
        .name(format!("trestle-worker-{index}"))
        .spawn(move || {
            let _report = Report { index, exited };
            let runtime = match runtime() {
                Ok(runtime) => runtime,
                Err(error) => {
                    let _ = runtime_made.send(Err(error));
                    return;
                }
            };
            let _ = runtime_made.send(Ok(()));
            runtime.block_on(async move {
                let worker = Rc::new(Worker::new(make(index), settings));
                worker.run(accepted).await;
            });
            // Dropping the runtime here cuts what outlived the drain.
        })?;
    made.recv().map_err(io::Error::other)??;
    Ok(Handle { queue, connections })
}

fn runtime() -> io::Result<LocalRuntime> {
    Builder::new_current_thread()
        .enable_all()
        .build_local(Default::default())
}

/// Reports the end of a worker's thread when dropped.
struct Report {
    index: usize,
    exited: mpsc::UnboundedSender<Exit>,
}

// === impl Handle ===

impl Handle {
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Relaxed)
    }

    pub(super) fn send(&self, accepted: Accepted) {
        // The queue holds at most `max_connections`, for each entry has a slot.
        // A worker that is gone has been reported; its connections are closed.
        let _ = self.queue.send(accepted);
    }
}

// === impl Slot ===

impl Slot {
    pub(super) fn take(worker: &Handle, permit: OwnedSemaphorePermit) -> Self {
        worker.connections.fetch_add(1, Relaxed);
        Self {
            connections: Arc::clone(&worker.connections),
            _permit: permit,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connections.fetch_sub(1, Relaxed);
    }
}

// === impl Report ===

impl Drop for Report {
    fn drop(&mut self) {
        let _ = self.exited.send(Exit {
            worker: self.index,
            panicked: thread::panicking(),
        });
    }
}

// === impl Worker ===

impl<S> Worker<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + 'static,
{
    fn new(service: S, settings: Settings) -> Self {
        Self {
            service,
            protocols: Protocols::new(&settings),
            settings,
            drain: Drain::new(),
            active: Cell::new(0),
            emptied: Notify::new(),
        }
    }

    async fn run(self: Rc<Self>, mut accepted: mpsc::UnboundedReceiver<Accepted>) {
        while let Some(Accepted { stream, slot }) = accepted.recv().await {
            let Ok(stream) = TcpStream::from_std(stream) else {
                continue;
            };
            let active = Active::new(&self);
            let worker = Rc::clone(&self);
            spawn_local(async move {
                connection::serve(stream, &worker).await;
                drop((active, slot));
            });
        }
        self.drain.begin();
        let grace = self.settings.drain_grace;
        if timeout(grace, self.all_done()).await.is_err() {
            let connections = self.active.get();
            tracing::warn!(
                connections,
                ?grace,
                "drain grace is over, cutting connections"
            );
        }
    }

    async fn all_done(&self) {
        while self.active.get() > 0 {
            self.emptied.notified().await;
        }
    }
}

/// Counts a connection as active until dropped, however its task ends.
struct Active<S>(Rc<Worker<S>>);

impl<S> Active<S> {
    fn new(worker: &Rc<Worker<S>>) -> Self {
        worker.active.set(worker.active.get() + 1);
        Self(Rc::clone(worker))
    }
}

impl<S> Drop for Active<S> {
    fn drop(&mut self) {
        self.0.active.set(self.0.active.get() - 1);
        if self.0.active.get() == 0 {
            self.0.emptied.notify_one();
        }
    }
}
