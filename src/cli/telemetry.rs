//! From configuration and environment to the telemetry of one service, and its end.

use super::Failure;
use crate::{
    config::Config,
    telemetry::{
        export::{self, Pipeline},
        observe::{Settings, Telemetry},
        sampling::{self, Flag},
        span::Record,
    },
};
use clap::Args;
use std::{env, time::Duration};

/// How long spans that wait may take to leave at the end.
const FLUSH: Duration = Duration::from_secs(5);

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

/// The telemetry of one service, with the export of its spans.
pub(super) struct Watching {
    pub(super) telemetry: Telemetry,
    pipeline: Option<Pipeline<Record>>,
}

impl Watching {
    /// Starts what settings and environment ask for; with neither, nothing is sent
    /// anywhere and no thread is started.
    pub(super) fn start(mut settings: Settings, service: &str) -> Result<Self, Failure> {
        let export = export::Settings::from_env(variable, service).map_err(Failure::usage)?;
        for warning in &export.warnings {
            tracing::warn!("{warning}");
        }
        if export.needs_timed_ids() {
            settings.formats = settings.formats | crate::telemetry::propagation::Formats::XRAY;
        }
        let pipeline = export.start().map_err(Failure::failed)?;
        let spans = pipeline.as_ref().map(Pipeline::sender);
        Ok(Self {
            telemetry: Telemetry::new(settings, spans),
            pipeline,
        })
    }

    /// Sends the spans that wait.
    pub(super) fn finish(self) {
        if let Some(pipeline) = self.pipeline {
            pipeline.shutdown(FLUSH);
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
