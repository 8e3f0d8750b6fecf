//! The server as a whole: starts the workers, accepts connections and hands
//! them out evenly, and ends in order.

use super::{
    BindError, Drain, Settings, bind,
    worker::{self, Accepted, Slot},
};
use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener as StdListener},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::sleep,
};
use tower_service::Service;

/// How long to wait after an accept that failed for want of resources.
const BACK_OFF: Duration = Duration::from_millis(100);

/// A listening socket with what is needed to serve it.
#[derive(Debug)]
pub struct Server {
    listener: StdListener,
    local_addr: SocketAddr,
    settings: Settings,
    open: Arc<Semaphore>,
}

/// How many connections a server has open. Clones count the same.
#[derive(Debug, Clone)]
pub struct Connections {
    most: usize,
    free: Arc<Semaphore>,
}

/// Why serving ended otherwise than by a drain.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The listener could not be used.
    #[error("cannot accept connections: {0}")]
    Listener(#[source] io::Error),
    /// A worker's thread or runtime could not be made.
    #[error("cannot start a worker thread: {0}")]
    Start(#[source] io::Error),
    /// A worker ended on its own, which only a panic can cause.
    #[error("worker {0} ended unexpectedly; see the panic in the log")]
    Worker(usize),
}

impl Connections {
    /// Those that are open.
    pub fn open(&self) -> usize {
        self.most.saturating_sub(self.free.available_permits())
    }

    /// As many as may be.
    pub fn most(&self) -> usize {
        self.most
    }
}

impl Server {
    /// Listens on `addr`; port 0 takes a free port, see [`Server::local_addr`].
    /// Clients may connect from here on and are answered once it runs.
    pub fn bind(addr: SocketAddr, settings: Settings) -> Result<Self, BindError> {
        let listener = bind::listen(addr)?;
        let local_addr = listener
            .local_addr()
            .map_err(|error| BindError::new(addr, error))?;
        Ok(Self {
            listener,
            local_addr,
            open: Arc::new(Semaphore::new(settings.max_connections)),
            settings,
        })
    }

    /// A count of its connections that stays when it runs.
    pub fn connections(&self) -> Connections {
        Connections {
            most: self.settings.max_connections,
            free: Arc::clone(&self.open),
        }
    }

    /// How it treats its connections.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `drain` has begun and all is finished, or cut after
    /// [`Settings::drain_grace`]. `make` is called once on each worker's thread,
    /// inside its runtime, with the worker's index; what it returns serves that
    /// worker's connections and never leaves the thread.
    pub async fn run<F, S>(self, make: F, drain: Drain) -> Result<(), RunError>
    where
        F: Fn(usize) -> S + Clone + Send + 'static,
        S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>
            + Clone
            + 'static,
    {
        let listener = TcpListener::from_std(self.listener).map_err(RunError::Listener)?;
        let settings = self.settings;
        let (exited, mut exits) = mpsc::unbounded_channel();
        let mut workers = Vec::with_capacity(settings.workers.get());
        for index in 0..settings.workers.get() {
            let worker = worker::start(index, settings.clone(), make.clone(), exited.clone());
            workers.push(worker.map_err(RunError::Start)?);
        }
        drop(exited);

        let mut acceptor = Acceptor {
            listener,
            open: self.open,
            workers,
            next: 0,
        };
        let stop = async {
            drain.started().await;
            sleep(settings.drain_delay).await;
        };
        tokio::select! {
            biased;
            Some(exit) = exits.recv() => return Err(RunError::Worker(exit.worker)),
            () = stop => {}
            never = acceptor.accept() => match never {},
        }

        // Closes the listener, and the workers' queues: they drain now.
        drop(acceptor);
        let mut ended = Ok(());
        while let Some(exit) = exits.recv().await {
            if exit.panicked {
                ended = Err(RunError::Worker(exit.worker));
            }
        }
        ended
    }
}

struct Acceptor {
    listener: TcpListener,
    open: Arc<Semaphore>,
    workers: Vec<worker::Handle>,
    next: usize,
}

impl Acceptor {
    async fn accept(&mut self) -> Infallible {
        loop {
            let permit = self.permit().await;
            match self.listener.accept().await {
                Ok((stream, _)) => self.hand_out(stream, permit),
                // The peer gave up while it waited: nothing is wrong here.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(BACK_OFF).await;
                }
            }
        }
    }

    async fn permit(&self) -> OwnedSemaphorePermit {
        let open = Arc::clone(&self.open);
        if open.available_permits() == 0 {
            tracing::warn!("connection limit reached; new connections wait");
        }
        open.acquire_owned()
            .await
            .expect("the semaphore is never closed")
    }

    /// To the worker with the fewest connections; among equals, in turn.
    fn hand_out(&mut self, stream: TcpStream, permit: OwnedSemaphorePermit) {
        // Replies are written whole, so waiting for more to send only delays.
        let _ = stream.set_nodelay(true);
        // Unbinds the socket from this runtime; the worker binds it to its own.
        let Ok(stream) = stream.into_std() else {
            return;
        };
        let count = self.workers.len();
        let least = (0..count)
            .map(|offset| (self.next + offset) % count)
            .min_by_key(|&index| self.workers[index].connections());
        let Some(index) = least else { return };
        self.next = (index + 1) % count;
        let slot = Slot::take(&self.workers[index], permit);
        self.workers[index].send(Accepted { stream, slot });
    }
}
