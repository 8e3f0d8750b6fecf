//! From flags and files to a gateway, with every fault that can be found.

use super::{
    Failure,
    flags::{Exchange, Listening, Logging, Metrics, Sources},
    process,
    telemetry::{self, Tracing, Watch, target},
};
use crate::{
    config::{Config, Descriptors, Rules},
    descriptors,
    gateway::Gateway,
    rule::{self, ServiceConfig},
    telemetry::{logs, propagation::Formats},
    upstream::Upstream,
};
use prost_reflect::DescriptorPool;
use std::time::Duration;

const NO_BACKEND: &str = "no backend: give its URL with --upstream http://HOST:PORT";
const NO_DESCRIPTORS: &str = "no descriptors: the gateway does not know the backend's API";

/// How to get descriptors, for those who gave none.
const NO_DESCRIPTORS_HELP: &str = "\
give --descriptor-set FILE or --proto FILE, or --upstream URL of a backend with server
    reflection. This makes a descriptor set:
        protoc --include_imports --include_source_info --descriptor_set_out=api.binpb -I DIR FILE.proto
    or, with buf:
        buf build -o api.binpb";

/// How long a backend may take to tell what it serves, its own start included.
const REFLECTION_PATIENCE: Duration = Duration::from_secs(10);

/// A backend for those who only want to know what would be served.
const NOWHERE: &str = "http://127.0.0.1:9988";

/// A gateway with what it was made of.
pub(super) struct Assembled {
    pub(super) config: Config,
    pub(super) gateway: Gateway,
    pub(super) watch: Watch,
}

/// The flags of a command, as far as it has them.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) sources: &'a Sources,
    pub(super) listening: Option<&'a Listening>,
    pub(super) exchange: Option<&'a Exchange>,
    pub(super) logging: Option<&'a Logging>,
    /// Those of a command that serves.
    pub(super) metrics: Option<&'a Metrics>,
    pub(super) tracing: Option<&'a Tracing>,
    /// Whether the command cannot do without a backend.
    pub(super) needs_upstream: bool,
}

/// Puts a gateway together, or says everything that is in the way.
pub(super) fn assemble(given: Given<'_>) -> Result<Assembled, Failure> {
    let (config, mut errors) = configure(given);
    let mut help = None;
    if given.logging.is_some() {
        // Before the gateway is built, which has things to say.
        logs::init(&config.logs);
    }

    let url = config.upstream_url.as_deref();
    let watch = if given.metrics.is_some() {
        Watch::start("trestle", &config, target(url.unwrap_or(NOWHERE)))?
    } else {
        Watch::idle()
    };
    if url.is_none() && given.needs_upstream {
        errors.push(NO_BACKEND.to_owned());
    }
    let settings = config.upstream.clone();
    let upstream = Upstream::connect_lazy(url.unwrap_or(NOWHERE), settings)
        .map_err(|error| errors.push(error.to_string()))
        .ok();

    let pool = match load(&config.descriptors, url) {
        Ok(Some(pool)) => Some(pool),
        // Told already, for it is what is to be called.
        Err(descriptors::Error::Url(_)) if upstream.is_none() => None,
        Ok(None) => {
            errors.push(NO_DESCRIPTORS.to_owned());
            help = Some(NO_DESCRIPTORS_HELP);
            None
        }
        Err(error @ descriptors::Error::Unreachable { .. }) if errors.is_empty() => {
            return Err(Failure::failed(error).help(NO_DESCRIPTORS_HELP));
        }
        Err(error) => {
            errors.extend(error.to_string().lines().map(str::to_owned));
            None
        }
    };
    let rules = rules(&config.rules, &mut errors);
    let routes = config.routes.clone();
    let gateway = match (pool, rules, upstream) {
        (Some(pool), Some(rules), Some(upstream)) => Gateway::builder(pool)
            .rules(rules)
            .settings(config.gateway.clone())
            .for_each_route(move |binding, settings| routes.apply(binding, settings))
            .telemetry(watch.telemetry().clone())
            .build(upstream)
            .map_err(|error| errors.extend_from_slice(error.faults()))
            .ok(),
        _ => None,
    };
    if let Some(gateway) = &gateway {
        let faults = config
            .routes
            .faults(gateway.routes(), &config.gateway.route);
        errors.extend(faults.iter().map(ToString::to_string));
    }
    match gateway {
        Some(gateway) if errors.is_empty() => Ok(Assembled {
            config,
            gateway,
            watch,
        }),
        _ => {
            let failure = Failure::usage(errors);
            Err(help.into_iter().fold(failure, Failure::help))
        }
    }
}

/// The configuration and the backend's API, for a command that serves nothing.
pub(super) fn descriptors(given: Given<'_>) -> Result<(Config, DescriptorPool), Failure> {
    let (config, mut errors) = configure(given);
    let url = config.upstream_url.as_deref();
    if url.is_none() && given.needs_upstream {
        errors.push(NO_BACKEND.to_owned());
    }
    match load(&config.descriptors, url) {
        Ok(Some(pool)) if errors.is_empty() => Ok((config, pool)),
        Ok(Some(_)) => Err(Failure::usage(errors)),
        Ok(None) => {
            errors.push(NO_DESCRIPTORS.to_owned());
            Err(Failure::usage(errors).help(NO_DESCRIPTORS_HELP))
        }
        Err(error @ descriptors::Error::Unreachable { .. }) => {
            Err(Failure::failed(error).help(NO_DESCRIPTORS_HELP))
        }
        Err(error) => {
            errors.extend(error.to_string().lines().map(str::to_owned));
            Err(Failure::usage(errors))
        }
    }
}

/// Defaults, then the file, then flags and variables; and what is wrong so far.
fn configure(given: Given<'_>) -> (Config, Vec<String>) {
    let (mut config, mut faults) = match &given.sources.config {
        Some(path) => Config::read(path),
        None => (Config::default(), Vec::new()),
    };
    given.sources.apply(&mut config);
    if let Some(listening) = given.listening {
        listening.apply(&mut config);
    }
    if let Some(exchange) = given.exchange {
        exchange.apply(&mut config);
    }
    if let Some(metrics) = given.metrics {
        metrics.apply(&mut config);
    }
    if let Some(logging) = given.logging {
        logging.apply(&mut config);
    }
    propagators(&mut config);
    let mut errors = Vec::new();
    telemetry::sampling(&mut config, &mut errors);
    if let Some(tracing) = given.tracing {
        tracing.apply(&mut config);
    }
    faults.extend(config.contradictions());
    errors.extend(faults.iter().map(ToString::to_string));
    (config, errors)
}

/// The standard variable; as OpenTelemetry asks, what it names in vain is
/// reported and does not stop the program.
pub(super) fn propagators(config: &mut Config) {
    if let Ok(value) = std::env::var("OTEL_PROPAGATORS") {
        let (formats, unusable) = Formats::from_env_value(&value);
        config.gateway.trace_formats = formats;
        config.telemetry.formats = formats;
        for name in unusable {
            eprintln!("warning: OTEL_PROPAGATORS: {name}");
        }
    }
}

/// Descriptors from where the operator says; where that is nowhere, the backend is
/// asked.
fn load(
    from: &Descriptors,
    backend: Option<&str>,
) -> Result<Option<DescriptorPool>, descriptors::Error> {
    if let Some(set) = &from.set {
        return descriptors::from_file(set).map(Some);
    }
    if !from.protos.is_empty() {
        return descriptors::from_protos(&from.protos, &from.proto_paths).map(Some);
    }
    let (Some(url), Ok(runtime)) = (backend, process::runtime()) else {
        return Ok(None);
    };
    runtime
        .block_on(descriptors::from_reflection(url, REFLECTION_PATIENCE))
        .map(Some)
}

/// The files of rules; `None` when one of them is at fault.
fn rules(from: &Rules, errors: &mut Vec<String>) -> Option<rule::Settings> {
    let before = errors.len();
    let mut files = Vec::new();
    for path in &from.files {
        match ServiceConfig::read(path) {
            Ok(file) => files.push(file),
            Err(faults) => errors.extend(faults.iter().map(ToString::to_string)),
        }
    }
    let auto_map = from.auto_map.clone();
    (errors.len() == before).then_some(rule::Settings { files, auto_map })
}
