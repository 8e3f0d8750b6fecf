//! `trestle demo`: the fetchIt backend and a gateway before it, in one process.

use super::{
    Failure,
    assemble::propagators,
    backend,
    banner::{Banner, typed},
    flags::{Exchange, Listening, Logging},
    process::{self, Listeners},
    telemetry::{self, Tracing, Watching},
};
use crate::{
    config::Config,
    descriptors,
    gateway::Gateway,
    server::Drain,
    telemetry::{
        logs,
        sampling::{Action, Condition, Rule},
    },
    upstream::Upstream,
};
use clap::Args;
use std::net::SocketAddr;

/// Run a demo backend and a gateway before it
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  trestle demo
  curl localhost:8080/api/capitalize -d '{\"id\":7,\"data\":\"aGVsbG8gd29ybGQ=\"}'")]
pub(super) struct Flags {
    /// Serve the backend's gRPC here
    #[arg(long, value_name = "ADDR", default_value = backend::DEFAULT_LISTEN)]
    #[arg(env = "TRESTLE_BACKEND_LISTEN", hide_env_values = true)]
    backend_listen: SocketAddr,
    #[command(flatten)]
    listening: Listening,
    #[command(flatten)]
    exchange: Exchange,
    #[command(flatten)]
    tracing: Tracing,
    #[command(flatten)]
    logging: Logging,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let config = configure(flags)?;
    logs::init(&config.logs);
    let listeners = Listeners::bind(&config)?;
    let drain = Drain::new();
    let watching = Watching::start(config.telemetry.clone(), "trestle")?;
    let behind = Watching::start(config.telemetry.clone(), "fetchit")?;
    let backend = backend::Thread::start(
        "--backend-listen",
        flags.backend_listen,
        behind.telemetry.clone(),
        drain.clone(),
    )?;

    let url = format!("http://{}", backend.local_addr());
    let upstream = Upstream::connect_lazy(&url, config.upstream).map_err(Failure::failed)?;
    let builder = Gateway::builder(descriptors::embedded())
        .settings(config.gateway)
        .telemetry(watching.telemetry.clone());
    let gateway = builder.build(upstream).map_err(Failure::failed)?;

    let addr = listeners.gateway.local_addr();
    let curl = r#"/api/capitalize -d '{"id":7,"data":"aGVsbG8gd29ybGQ="}'"#;
    let banner = Banner::new(config.logs.format)
        .address("gateway", addr)
        .address("admin", listeners.admin.local_addr())
        .address("backend", backend.local_addr())
        .line("routes", gateway.routes().len())
        .line("try", format!("curl {}{curl}", typed(addr)));
    process::run(listeners, &gateway, &banner, drain)?;
    let finished = backend.finish();
    watching.finish();
    behind.finish();
    finished
}

fn configure(flags: &Flags) -> Result<Config, Failure> {
    let mut config = Config::default();
    flags.listening.apply(&mut config);
    flags.exchange.apply(&mut config);
    flags.logging.apply(&mut config);
    // As the rest of a demo, its log is there to be looked at.
    config.telemetry.access_log = true;
    let everything = Rule::new(vec![Condition::Prefix("/api".to_owned())], Action::Always);
    config.telemetry.sampling.rules.push(everything);
    flags.tracing.apply(&mut config);
    propagators(&mut config);
    let mut errors = Vec::new();
    telemetry::sampling(&mut config, &mut errors);
    let faults = config.contradictions();
    errors.extend(faults.iter().map(ToString::to_string));
    if errors.is_empty() {
        Ok(config)
    } else {
        Err(Failure::usage(errors))
    }
}
