//! The telemetry of a command: what the environment says of its destinations, and
//! what the configuration says of the rest, from the first call to the last span.

use super::Failure;
use crate::{
    config::Config,
    telemetry::{
        export::{self, Counters, Pipeline, otlp},
        metrics::{self, Push},
        observe::{Counting, Telemetry},
        propagation::Formats,
        sampling::{self, Flag},
        span::Record,
    },
};
use clap::Args;
use std::{env, time::Duration};

/// How long telemetry that is left may take at the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Which requests are traced, and what is logged of all.
#[derive(Debug, Args)]
pub(super) struct Tracing {
    /// Trace requests below a path, as PATH=HOW, or the rest, as HOW: always, never, drop, parent,
    /// 0.1, 10/s (repeat for more)
    #[arg(
        long,
        value_name = "RULE",
        env = "TRESTLE_SAMPLE",
        hide_env_values = true
    )]
    #[arg(value_delimiter = ',')]
    sample: Vec<Flag>,
    /// Log a line for each request
    #[arg(
        long,
        value_name = "BOOL",
        env = "TRESTLE_ACCESS_LOG",
        hide_env_values = true
    )]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    access_log: Option<bool>,
}

impl Tracing {
    /// Puts what is given over the configuration.
    pub(super) fn apply(&self, config: &mut Config) {
        let telemetry = &mut config.telemetry;
        Flag::apply(&self.sample, &mut telemetry.sampling);
        if let Some(access_log) = self.access_log {
            telemetry.access_log = access_log;
        }
    }
}

/// Telemetry that runs.
pub(super) struct Watch {
    telemetry: Telemetry,
    /// Where metrics are pushed, if anywhere.
    exports: Option<otlp::Settings>,
    pipeline: Option<Pipeline<Record>>,
    push: Option<Push>,
}

impl Watch {
    /// Starts what the environment asks for. `service` is what the telemetry is of
    /// where that does not say, `target` what is called by gRPC.
    pub(super) fn start(service: &str, config: &Config, target: String) -> Result<Self, Failure> {
        let exports = export::Settings::from_env(variable, service).map_err(Failure::usage)?;
        for warning in &exports.warnings {
            tracing::warn!("{warning}");
        }
        let pipeline: Option<Pipeline<Record>> = exports.start().map_err(Failure::failed)?;
        let spans = pipeline.as_ref().map(Pipeline::sender);
        let resource = exports.resource.iter();
        let resource = resource.map(|(name, value)| (name.to_string(), value.to_string()));
        let mut settings = config.telemetry.clone();
        if exports.needs_timed_ids() {
            settings.formats = settings.formats | Formats::XRAY;
        }
        let counting = Counting {
            metrics: config.metrics.clone(),
            resource: resource.collect(),
            target,
        };
        let telemetry = Telemetry::new(settings, spans);
        let telemetry = match exports.disabled {
            true => telemetry,
            false => telemetry.counting(counting),
        };
        Ok(Self {
            telemetry,
            exports: exports.metrics,
            pipeline,
            push: None,
        })
    }

    /// Telemetry of nothing, for commands that serve nothing.
    pub(super) fn idle() -> Self {
        Self {
            telemetry: Telemetry::default(),
            exports: None,
            pipeline: None,
            push: None,
        }
    }

    pub(super) fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Shows and sends the counts, once there are recorders that count.
    pub(super) fn publish(&mut self) -> Result<(), Failure> {
        let Some(ledger) = self.telemetry.ledger() else {
            return Ok(());
        };
        let registry = ledger.registry();
        if let Some(pipeline) = &self.pipeline {
            let counters: Counters = pipeline.counters();
            registry.add_source(move || metrics::of_export(&counters));
        }
        if let Some(settings) = &self.exports {
            let interval = metrics::push_interval(variable);
            let push = Push::start(registry.clone(), settings, interval);
            self.push = Some(push.map_err(Failure::failed)?);
        }
        Ok(())
    }

    /// Sends what is left.
    pub(super) fn finish(self) {
        if let Some(push) = self.push {
            push.shutdown(PATIENCE);
        }
        if let Some(pipeline) = self.pipeline {
            pipeline.shutdown(PATIENCE);
        }
    }
}

/// Takes the rule for all that no other speaks of from the standard variables, and
/// the rules of an X-Ray file from where the configuration has it.
pub(super) fn sampling(config: &mut Config, errors: &mut Vec<String>) {
    let (default, warnings) = sampling::from_environment(variable);
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    let sampling = &mut config.telemetry.sampling;
    if let Some(default) = default {
        sampling.default = default;
    }
    let Some(path) = &config.xray_rules else {
        return;
    };
    let read = crate::yaml::read(path).map_err(|error| error.to_string());
    match read.and_then(|text| sampling::read_xray(&text)) {
        Ok(rules) => {
            sampling.xray = rules.rules;
            sampling.default = rules.default;
        }
        Err(error) => errors.push(format!("{}: {error}", path.display())),
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// The canonical name by which gRPC calls what is at a URL.
pub(super) fn target(url: &str) -> String {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.trim_end_matches('/');
    let port = authority.rsplit_once(':').map(|(_, port)| port);
    let has_port = port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    let usual = if has_port { "" } else { ":80" };
    format!("dns:///{authority}{usual}")
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn targets_are_named_as_grpc_does() {
        for (url, expected) in [
            ("http://localhost:9988", "dns:///localhost:9988"),
            ("http://backend/", "dns:///backend:80"),
            ("backend:1", "dns:///backend:1"),
            ("http://[::1]:9988", "dns:///[::1]:9988"),
            ("http://[::1]", "dns:///[::1]:80"),
        ] {
            assert_eq!(target(url), expected);
        }
    }
}
