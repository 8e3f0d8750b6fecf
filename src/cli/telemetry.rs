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
        span::Record,
    },
};
use std::{env, time::Duration};

/// How long telemetry that is left may take at the end.
const PATIENCE: Duration = Duration::from_secs(5);

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
        let variable = |name: &str| env::var(name).ok();
        let exports = export::Settings::from_env(variable, service).map_err(Failure::usage)?;
        for warning in &exports.warnings {
            tracing::warn!("{warning}");
        }
        let pipeline: Option<Pipeline<Record>> = exports.start().map_err(Failure::failed)?;
        let mut settings = config.telemetry.clone();
        if exports.needs_timed_ids() {
            settings.formats = settings.formats | Formats::XRAY;
        }
        let spans = pipeline.as_ref().map(Pipeline::sender);
        let resource = exports.resource.iter();
        let resource = resource.map(|(name, value)| (name.to_string(), value.to_string()));
        let telemetry = Telemetry::new(settings, spans).counting(Counting {
            metrics: config.metrics.clone(),
            resource: resource.collect(),
            target,
        });
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
            let interval = metrics::push_interval(|name| env::var(name).ok());
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
