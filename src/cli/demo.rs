//! `trestle demo`: the fetchIt backend and a gateway before it, in one process.

use super::{
    Failure,
    assemble::propagators,
    backend::{self, Place},
    banner::{Banner, Documents, typed},
    flags::{Exchange, Listening, Logging, Metrics},
    process::{self, Listeners},
    telemetry::{self, Tracing, Watch, target},
};
use crate::{
    config::{self, Config},
    descriptors, fetchit,
    gateway::Gateway,
    server::Drain,
    telemetry::{
        logs,
        sampling::{Action, Condition, Rule},
    },
    upstream::Upstream,
};
use clap::Args;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

/// For backends that only the one before them calls.
const ANY_PORT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// Run a demo backend and a gateway before it
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  trestle demo
  trestle demo --hops 2
  curl localhost:8080/api/capitalize -d '{\"id\":7,\"data\":\"aGVsbG8gd29ybGQ=\"}'")]
pub(super) struct Flags {
    /// Serve the backend's gRPC here
    #[arg(long, value_name = "ADDR", default_value = backend::DEFAULT_LISTEN)]
    #[arg(value_parser = config::address)]
    #[arg(env = "TRESTLE_BACKEND_LISTEN", hide_env_values = true)]
    backend_listen: SocketAddr,
    /// Serve the backend's health, metrics and debug pages here
    #[arg(long, value_name = "ADDR", default_value = backend::DEFAULT_ADMIN_LISTEN)]
    #[arg(value_parser = config::address)]
    #[arg(env = "TRESTLE_BACKEND_ADMIN_LISTEN", hide_env_values = true)]
    backend_admin_listen: SocketAddr,
    /// How many backends stand behind each other, for a longer trace [1 to 9]
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(env = "TRESTLE_HOPS", hide_env_values = true)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=9))]
    hops: u8,
    #[command(flatten)]
    listening: Listening,
    #[command(flatten)]
    exchange: Exchange,
    #[command(flatten)]
    metrics: Metrics,
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
    let behind = behind(flags, &config, &drain)?;
    let backend = backend::Thread::start(
        &config,
        Place {
            name: "fetchit".to_owned(),
            next: behind.last().map(url),
            grpc: ("--backend-listen", flags.backend_listen),
            admin: ("--backend-admin-listen", flags.backend_admin_listen),
        },
        drain.clone(),
    )?;

    let documents = Documents::of(&config);
    let url = url(&backend);
    let mut watch = Watch::start("trestle", &config, target(&url))?;
    let upstream = Upstream::connect_lazy(&url, config.upstream).map_err(Failure::failed)?;
    let builder = Gateway::builder(descriptors::embedded())
        .settings(config.gateway)
        .telemetry(watch.telemetry().clone());
    let gateway = builder.build(upstream).map_err(Failure::failed)?;
    watch.publish()?;

    let addr = listeners.gateway.local_addr();
    let curl = r#"/api/capitalize -d '{"id":7,"data":"aGVsbG8gd29ybGQ="}'"#;
    let banner = Banner::new(config.logs.format)
        .address("gateway", addr)
        .address("admin", listeners.admin.local_addr())
        .address("backend", backend.local_addr())
        .address("backend_admin", backend.admin_addr())
        .line("routes", gateway.routes().len())
        .docs(addr, documents)
        .line("try", format!("curl {}{curl}", typed(addr)));
    process::run(listeners, &gateway, watch.telemetry(), &banner, drain)?;
    watch.finish();
    // From the front, so that none waits for one that is gone; each comes to its end,
    // whatever those before it said.
    let mut finished = backend.finish();
    for backend in behind.into_iter().rev() {
        finished = finished.and(backend.finish());
    }
    finished
}

/// The backends behind the first, the last of all first.
fn behind(flags: &Flags, config: &Config, drain: &Drain) -> Result<Vec<backend::Thread>, Failure> {
    let mut chain: Vec<backend::Thread> = Vec::new();
    for hop in (2..=flags.hops).rev() {
        let place = Place {
            name: format!("fetchit-{hop}"),
            next: chain.last().map(url),
            grpc: ("--hops", ANY_PORT),
            admin: ("--hops", ANY_PORT),
        };
        chain.push(backend::Thread::start(config, place, drain.clone())?);
    }
    Ok(chain)
}

fn url(backend: &backend::Thread) -> String {
    format!("http://{}", backend.local_addr())
}

fn configure(flags: &Flags) -> Result<Config, Failure> {
    let mut config = Config::default();
    config.gateway.openapi = fetchit::about();
    flags.listening.apply(&mut config);
    flags.exchange.apply(&mut config);
    flags.metrics.apply(&mut config);
    flags.logging.apply(&mut config);
    // As the rest of a demo, its log is there to be looked at.
    config.telemetry.access_log = true;
    let everything = Rule::new(vec![Condition::Prefix("/api".to_owned())], Action::Always);
    config.telemetry.sampling.rules.push(everything);
    propagators(&mut config);
    let mut errors = Vec::new();
    telemetry::sampling(&mut config, &mut errors);
    flags.tracing.apply(&mut config);
    let faults = config.contradictions();
    errors.extend(faults.iter().map(ToString::to_string));
    if errors.is_empty() {
        Ok(config)
    } else {
        Err(Failure::usage(errors))
    }
}
