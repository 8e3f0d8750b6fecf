//! Which requests are traced: flags, the standard variables, X-Ray's file.

use crate::{
    config::Config,
    telemetry::sampling::{self, Flag},
};
use clap::Args;
use std::env;

/// Which requests are traced, and what is logged of all.
#[derive(Debug, Args)]
pub(super) struct Tracing {
    /// Trace requests below a path, as PATH=HOW, or all others, as HOW (repeat for more)
    ///
    /// HOW is always, never, drop, parent (as the caller says), a share such as 0.1, or a
    /// rate such as 10/s. The first PATH that a request is at or below decides.
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

/// Puts what the standard variables say over the configuration, and what X-Ray's file
/// says over that; what is wrong goes to `errors`.
pub(super) fn defaults(config: &mut Config, errors: &mut Vec<String>) {
    variables(config);
    file(config, errors);
}

/// `OTEL_TRACES_SAMPLER`: the rule for calls of which no other speaks.
fn variables(config: &mut Config) {
    let (default, warnings) = sampling::from_environment(|name| env::var(name).ok());
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    if let Some(default) = default {
        config.telemetry.sampling.default = default;
    }
}

fn file(config: &mut Config, errors: &mut Vec<String>) {
    let Some(path) = &config.xray_rules else {
        return;
    };
    let read = crate::yaml::read(path).map_err(|error| error.to_string());
    match read.and_then(|text| sampling::read_xray(&text)) {
        Ok(rules) => {
            config.telemetry.sampling.xray = rules.rules;
            config.telemetry.sampling.default = rules.default;
        }
        Err(error) => errors.push(format!("{}: {error}", path.display())),
    }
}
