//! `trestle backend`: the fetchIt gRPC server; and the same on a thread of its
//! own, for the demo.

use super::{
    Failure,
    assemble::propagators,
    banner::Banner,
    flags::{Logging, Metrics},
    process,
    signals::Signals,
    telemetry::{self, Tracing, Watch, target},
};
use crate::{
    admin::{self, Probe, Readiness},
    config::{self, Config},
    fetchit::{Backend, Settings},
    server::{BindError, Drain, Server},
    telemetry::{logs, observe::Telemetry},
};
use clap::Args;
use std::{
    future::{Future, ready},
    io,
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};
use tokio::sync::oneshot;

/// Where fetchIt listens when it is not told.
pub(super) const DEFAULT_LISTEN: &str = "127.0.0.1:9988";
/// Where its admin pages are then.
pub(super) const DEFAULT_ADMIN_LISTEN: &str = "127.0.0.1:9464";

/// Run the demo backend alone: a gRPC server with health and reflection
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  trestle backend
  grpcurl -plaintext -d '{\"data\":\"aGVsbG8=\"}' localhost:9988 rpc.Fetch/Capitalize
  curl localhost:9464/metrics")]
pub(super) struct Flags {
    /// Serve gRPC here
    #[arg(long, value_name = "ADDR", default_value = DEFAULT_LISTEN)]
    #[arg(value_parser = config::address)]
    #[arg(env = "TRESTLE_LISTEN", hide_env_values = true)]
    listen: SocketAddr,
    /// Serve health, metrics and debug pages here
    #[arg(long, value_name = "ADDR", default_value = DEFAULT_ADMIN_LISTEN)]
    #[arg(value_parser = config::address)]
    #[arg(env = "TRESTLE_ADMIN_LISTEN", hide_env_values = true)]
    admin_listen: SocketAddr,
    /// Let another fetchIt do what Capitalize is asked, as http://HOST:PORT
    #[arg(long, value_name = "URL", env = "TRESTLE_NEXT", hide_env_values = true)]
    #[arg(hide_short_help = true)]
    next: Option<String>,
    #[command(flatten)]
    metrics: Metrics,
    #[command(flatten)]
    tracing: Tracing,
    #[command(flatten)]
    logging: Logging,
}

/// A backend's name, where it listens, each with the flag that says so, and the one
/// behind it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) next: Option<String>,
    pub(super) grpc: (&'static str, SocketAddr),
    pub(super) admin: (&'static str, SocketAddr),
}

/// A backend with its admin pages, listening.
struct Bound {
    backend: Backend,
    admin: Server,
    watch: Watch,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let mut config = Config::default();
    flags.logging.apply(&mut config);
    flags.metrics.apply(&mut config);
    propagators(&mut config);
    let mut errors = Vec::new();
    telemetry::sampling(&mut config, &mut errors);
    flags.tracing.apply(&mut config);
    if !errors.is_empty() {
        return Err(Failure::usage(errors));
    }
    logs::init(&config.logs);
    process::runtime()?.block_on(async {
        let signals = Signals::take()?;
        let place = Place {
            name: "fetchit".to_owned(),
            next: flags.next.clone(),
            grpc: ("--listen", flags.listen),
            admin: ("--admin-listen", flags.admin_listen),
        };
        let bound = Bound::new(&config, place).await?;
        let (begin, begun) = oneshot::channel::<()>();
        tokio::spawn(signals.watch(move || drop(begin)));
        let (grpc, admin) = bound.local_addrs();
        let banner = Banner::new(config.logs.format)
            .address("backend", grpc)
            .address("admin", admin);
        let try_it = format!("grpcurl -plaintext {grpc} list");
        banner.line("try", try_it).print();
        bound
            .serve(async {
                let _ = begun.await;
            })
            .await
    })
}

impl Bound {
    async fn new(config: &Config, place: Place) -> Result<Self, Failure> {
        let called = place.next.as_deref().map(target).unwrap_or_default();
        let watch = Watch::start(&place.name, config, called)?;
        let settings = Settings {
            telemetry: watch.telemetry().clone(),
            next: place.next,
            trace_formats: config.gateway.trace_formats,
            ..Settings::default()
        };
        let (flag, addr) = place.grpc;
        let backend = Backend::bind(addr, settings).await;
        let backend = backend.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => Failure::usage(vec![format!("--next: {error}")]),
            _ => Failure::bind(flag, &BindError::new(addr, error)),
        })?;
        let (flag, addr) = place.admin;
        let admin = Server::bind(addr, process::admin_settings())
            .map_err(|error| Failure::bind(flag, &error))?;
        Ok(Self {
            backend,
            admin,
            watch,
        })
    }

    fn local_addrs(&self) -> (SocketAddr, SocketAddr) {
        (self.backend.local_addr(), self.admin.local_addr())
    }

    async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), Failure> {
        let Self {
            backend,
            admin,
            mut watch,
        } = self;
        let telemetry = watch.telemetry().clone();
        watch.publish()?;
        if let Some(ledger) = telemetry.ledger() {
            ledger.registry().watch_runtime();
        }
        tokio::spawn(admin::take_notes(telemetry.clone()));
        let (readiness, admin_drain) = (Readiness::default(), Drain::new());
        let pages = pages(telemetry, readiness.clone());
        let admin = tokio::spawn(admin.run(pages, admin_drain.clone()));
        let served = backend
            .serve(async {
                shutdown.await;
                readiness.withdraw();
            })
            .await;
        admin_drain.begin();
        admin.await.map_err(Failure::failed)??;
        watch.finish();
        served.map_err(Failure::failed)
    }
}

/// The admin pages; a backend that listens is well.
pub(super) fn pages(
    telemetry: Telemetry,
    readiness: Readiness,
) -> impl Fn(usize) -> axum::Router + Clone + Send + 'static {
    move |_| {
        let probe = Arc::new(Probe::new(|| Box::pin(ready(Ok(())))));
        let state = admin::State::new(readiness.clone(), probe).telemetry(telemetry.clone());
        admin::router(state)
    }
}

/// A backend on a thread and runtime of its own.
pub(super) struct Thread {
    local_addr: SocketAddr,
    admin_addr: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), Failure>>,
}

impl Thread {
    /// Listens and serves. Should the backend end by itself, `drain` begins.
    pub(super) fn start(config: &Config, place: Place, drain: Drain) -> Result<Self, Failure> {
        let (stop, stopped) = oneshot::channel::<()>();
        let (told, binding) = mpsc::sync_channel(1);
        let config = config.clone();
        let serve = move || {
            process::runtime()?.block_on(async {
                let bound = match Bound::new(&config, place).await {
                    Ok(bound) => bound,
                    Err(failure) => {
                        let _ = told.send(Err(failure));
                        return Ok(());
                    }
                };
                let _ = told.send(Ok(bound.local_addrs()));
                let served = bound
                    .serve(async {
                        let _ = stopped.await;
                    })
                    .await;
                drain.begin();
                served
            })
        };
        let thread = thread::Builder::new()
            .name("fetchit".to_owned())
            .spawn(serve)
            .map_err(|error| Failure::failed(format!("cannot start a thread: {error}")))?;
        match binding.recv() {
            Ok(bound) => {
                let (local_addr, admin_addr) = bound?;
                Ok(Self {
                    local_addr,
                    admin_addr,
                    stop,
                    thread,
                })
            }
            // Without a runtime it ended before it could bind.
            Err(_) => Err(match thread.join() {
                Ok(Err(failure)) => failure,
                _ => Failure::failed("the backend's thread ended unexpectedly"),
            }),
        }
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    pub(super) fn admin_addr(&self) -> SocketAddr {
        self.admin_addr
    }

    /// Stops the backend and waits for its end.
    pub(super) fn finish(self) -> Result<(), Failure> {
        drop(self.stop);
        self.thread
            .join()
            .unwrap_or_else(|_| Err(Failure::failed("the backend's thread panicked")))
    }
}
