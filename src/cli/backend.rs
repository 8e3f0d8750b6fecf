//! `trestle backend`: the fetchIt gRPC server; and the same on a thread of its
//! own, for the demo.

use super::{
    Failure,
    assemble::propagators,
    banner::Banner,
    flags::Logging,
    process,
    signals::Signals,
    telemetry::{self, Tracing, Watching},
};
use crate::{
    config::Config,
    fetchit::{Backend, Settings},
    server::{BindError, Drain},
    telemetry::{logs, observe::Telemetry},
};
use clap::Args;
use std::{
    net::SocketAddr,
    sync::mpsc,
    thread::{self, JoinHandle},
};
use tokio::sync::oneshot;

/// Where fetchIt listens when it is not told.
pub(super) const DEFAULT_LISTEN: &str = "127.0.0.1:9988";

/// Run the demo backend alone: a gRPC server with health and reflection
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  trestle backend
  grpcurl -plaintext -d '{\"data\":\"aGVsbG8=\"}' localhost:9988 rpc.Fetch/Capitalize")]
pub(super) struct Flags {
    /// Serve gRPC here
    #[arg(long, value_name = "ADDR", default_value = DEFAULT_LISTEN)]
    #[arg(env = "TRESTLE_LISTEN", hide_env_values = true)]
    listen: SocketAddr,
    #[command(flatten)]
    tracing: Tracing,
    #[command(flatten)]
    logging: Logging,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let mut config = Config::default();
    flags.logging.apply(&mut config);
    flags.tracing.apply(&mut config);
    propagators(&mut config);
    let mut errors = Vec::new();
    telemetry::sampling(&mut config, &mut errors);
    if !errors.is_empty() {
        return Err(Failure::usage(errors));
    }
    logs::init(&config.logs);
    let watching = Watching::start(config.telemetry.clone(), "fetchit")?;
    let telemetry = watching.telemetry.clone();
    let served: Result<(), Failure> = process::runtime()?.block_on(async {
        let signals = Signals::take()?;
        let backend = bind("--listen", flags.listen, telemetry).await?;
        let (begin, begun) = oneshot::channel::<()>();
        tokio::spawn(signals.watch(move || drop(begin)));
        let banner = Banner::new(config.logs.format).address("backend", backend.local_addr());
        let try_it = format!("grpcurl -plaintext {} list", backend.local_addr());
        banner.line("try", try_it).print();
        let shutdown = async {
            let _ = begun.await;
        };
        backend.serve(shutdown).await.map_err(Failure::failed)
    });
    watching.finish();
    served
}

async fn bind(flag: &str, addr: SocketAddr, telemetry: Telemetry) -> Result<Backend, Failure> {
    let settings = Settings {
        telemetry,
        ..Settings::default()
    };
    Backend::bind(addr, settings)
        .await
        .map_err(|error| Failure::bind(flag, &BindError::new(addr, error)))
}

/// A backend on a thread and runtime of its own.
pub(super) struct Thread {
    local_addr: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), Failure>>,
}

impl Thread {
    /// Listens and serves. Should the backend end by itself, `drain` begins.
    pub(super) fn start(
        flag: &'static str,
        addr: SocketAddr,
        telemetry: Telemetry,
        drain: Drain,
    ) -> Result<Self, Failure> {
        let (stop, stopped) = oneshot::channel::<()>();
        let (bound, binding) = mpsc::sync_channel(1);
        let serve = move || {
            process::runtime()?.block_on(async {
                let backend = match bind(flag, addr, telemetry).await {
                    Ok(backend) => backend,
                    Err(failure) => {
                        let _ = bound.send(Err(failure));
                        return Ok(());
                    }
                };
                let _ = bound.send(Ok(backend.local_addr()));
                let shutdown = async {
                    let _ = stopped.await;
                };
                let served = backend.serve(shutdown).await.map_err(Failure::failed);
                drain.begin();
                served
            })
        };
        let thread = thread::Builder::new()
            .name("fetchit".to_owned())
            .spawn(serve)
            .map_err(|error| Failure::failed(format!("cannot start a thread: {error}")))?;
        match binding.recv() {
            Ok(bound) => Ok(Self {
                local_addr: bound?,
                stop,
                thread,
            }),
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

    /// Stops the backend and waits for its end.
    pub(super) fn finish(self) -> Result<(), Failure> {
        drop(self.stop);
        self.thread
            .join()
            .unwrap_or_else(|_| Err(Failure::failed("the backend's thread panicked")))
    }
}
