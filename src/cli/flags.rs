//! Flags that several commands share, and how they go over the configuration.
//! What is not given stays as the file or the default has it.

use crate::{
    config::{self, Config},
    gateway::{Network, Origin},
    rule::AutoMap,
    telemetry::{
        logs::{Format, Level},
        metrics::{Names, Namespace},
    },
};
use clap::Args;
use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf, time::Duration};

/// Where the configuration and the descriptors are.
#[derive(Debug, Args)]
pub(super) struct Sources {
    /// Read the configuration from a YAML file; flags go over it
    #[arg(
        long,
        value_name = "FILE",
        env = "TRESTLE_CONFIG",
        hide_env_values = true
    )]
    pub(super) config: Option<PathBuf>,
    /// The backend, as http://HOST:PORT
    #[arg(
        long,
        value_name = "URL",
        env = "TRESTLE_UPSTREAM",
        hide_env_values = true
    )]
    upstream: Option<String>,
    /// Take descriptors from an encoded FileDescriptorSet
    #[arg(
        long,
        value_name = "FILE",
        env = "TRESTLE_DESCRIPTOR_SET",
        hide_env_values = true
    )]
    descriptor_set: Option<PathBuf>,
    /// Take descriptors from .proto sources (repeat for more)
    #[arg(
        long,
        value_name = "FILE",
        env = "TRESTLE_PROTO",
        hide_env_values = true
    )]
    #[arg(value_delimiter = ',', conflicts_with = "descriptor_set")]
    proto: Vec<PathBuf>,
    /// Look for imports in this directory (repeat for more)
    #[arg(
        long,
        value_name = "DIR",
        env = "TRESTLE_PROTO_PATH",
        hide_env_values = true
    )]
    #[arg(value_delimiter = ',')]
    proto_path: Vec<PathBuf>,
    /// Take HTTP rules from a google.api.Service YAML file, over annotations (repeat for more)
    #[arg(
        long,
        value_name = "FILE",
        env = "TRESTLE_RULES",
        hide_env_values = true
    )]
    #[arg(value_delimiter = ',')]
    rules: Vec<PathBuf>,
    /// Serve methods without a rule, of all services or of one, as POST /pkg.Service/Method
    #[arg(
        long,
        value_name = "SERVICE",
        env = "TRESTLE_AUTO_MAP",
        hide_env_values = true
    )]
    #[arg(num_args = 0..=1, default_missing_value = "true", value_delimiter = ',')]
    auto_map: Vec<String>,
}

/// How the program listens and ends.
#[derive(Debug, Args)]
pub(super) struct Listening {
    /// Take HTTP requests here [default: 127.0.0.1:8080]
    #[arg(
        long,
        value_name = "ADDR",
        value_parser = config::address,
        env = "TRESTLE_LISTEN",
        hide_env_values = true
    )]
    listen: Option<SocketAddr>,
    /// Serve health, metrics and debug pages here [default: 127.0.0.1:9465]
    #[arg(
        long,
        value_name = "ADDR",
        value_parser = config::address,
        env = "TRESTLE_ADMIN_LISTEN",
        hide_env_values = true
    )]
    admin_listen: Option<SocketAddr>,
    /// Serve the OpenAPI document at /openapi.json and /openapi.yaml [default: true]
    #[arg(
        long,
        value_name = "BOOL",
        env = "TRESTLE_SERVE_OPENAPI",
        hide_env_values = true
    )]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_short_help = true)]
    serve_openapi: Option<bool>,
    /// Serve a page to read it and to try calls at /docs [default: true]
    #[arg(
        long,
        value_name = "BOOL",
        env = "TRESTLE_SERVE_DOCS",
        hide_env_values = true
    )]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_short_help = true)]
    serve_docs: Option<bool>,
    /// Worker threads [default: one a core]
    #[arg(
        long,
        value_name = "N",
        value_parser = config::count,
        env = "TRESTLE_WORKERS",
        hide_env_values = true
    )]
    workers: Option<NonZeroUsize>,
    /// Accept for this long after a signal, while not ready [default: 0]
    #[arg(
        long,
        value_name = "TIME",
        env = "TRESTLE_DRAIN_DELAY",
        hide_env_values = true
    )]
    #[arg(value_parser = config::duration, hide_short_help = true)]
    drain_delay: Option<Duration>,
    /// Let requests in flight finish for this long [default: 30s]
    #[arg(
        long,
        value_name = "TIME",
        env = "TRESTLE_DRAIN_GRACE",
        hide_env_values = true
    )]
    #[arg(value_parser = config::duration, hide_short_help = true)]
    drain_grace: Option<Duration>,
}

/// How requests and replies are treated.
#[derive(Debug, Args)]
pub(super) struct Exchange {
    /// The deadline of calls that name none [default: 15s]
    #[arg(
        long,
        value_name = "TIME",
        env = "TRESTLE_DEADLINE",
        hide_env_values = true
    )]
    #[arg(value_parser = config::duration)]
    deadline: Option<Duration>,
    /// The longest deadline that a request may ask for [default: 5m]
    #[arg(
        long,
        value_name = "TIME",
        env = "TRESTLE_MAX_DEADLINE",
        hide_env_values = true
    )]
    #[arg(value_parser = config::duration, hide_short_help = true)]
    max_deadline: Option<Duration>,
    /// The largest request body [default: 4MiB]
    #[arg(
        long,
        value_name = "SIZE",
        env = "TRESTLE_MAX_BODY",
        hide_env_values = true
    )]
    #[arg(value_parser = config::size)]
    max_body: Option<usize>,
    /// Let a browser use the gateway from this origin (repeat for more)
    #[arg(
        long,
        value_name = "ORIGIN",
        env = "TRESTLE_CORS_ORIGIN",
        hide_env_values = true
    )]
    #[arg(value_delimiter = ',', hide_short_help = true)]
    cors_origin: Vec<Origin>,
    /// Believe X-Forwarded-* of these peers, as ADDRESS or NETWORK/PREFIX (repeat for more)
    #[arg(
        long,
        value_name = "NETWORK",
        env = "TRESTLE_TRUSTED_PROXY",
        hide_env_values = true
    )]
    #[arg(value_delimiter = ',', hide_short_help = true)]
    trusted_proxy: Vec<Network>,
    /// Ignore unknown JSON fields and query parameters
    #[arg(
        long,
        value_name = "BOOL",
        env = "TRESTLE_IGNORE_UNKNOWN",
        hide_env_values = true
    )]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_short_help = true)]
    ignore_unknown: Option<bool>,
    /// Print fields that are not set, too
    #[arg(
        long,
        value_name = "BOOL",
        env = "TRESTLE_ALWAYS_PRINT",
        hide_env_values = true
    )]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_short_help = true)]
    always_print: Option<bool>,
    /// Print field names as the .proto files spell them
    #[arg(
        long,
        value_name = "BOOL",
        env = "TRESTLE_PROTO_NAMES",
        hide_env_values = true
    )]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_short_help = true)]
    proto_names: Option<bool>,
    /// Print enum values as numbers
    #[arg(
        long,
        value_name = "BOOL",
        env = "TRESTLE_ENUM_NUMBERS",
        hide_env_values = true
    )]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(hide_short_help = true)]
    enum_numbers: Option<bool>,
}

/// What the log is like.
#[derive(Debug, Args)]
pub(super) struct Logging {
    /// auto, text or json; auto is text on a terminal [default: auto]
    #[arg(
        long,
        value_name = "FORMAT",
        env = "TRESTLE_LOG_FORMAT",
        hide_env_values = true
    )]
    log_format: Option<Format>,
    /// off, error, warn, info, debug, trace, or directives [default: info]
    #[arg(
        long,
        value_name = "LEVEL",
        env = "TRESTLE_LOG",
        hide_env_values = true
    )]
    log_level: Option<Level>,
}

/// What metrics are called.
#[derive(Debug, Args)]
pub(super) struct Metrics {
    /// Name the metrics of gRPC calls by grpc, opencensus or both [default: grpc]
    #[arg(
        long,
        value_name = "SYSTEM",
        env = "TRESTLE_METRICS_NAMES",
        hide_env_values = true
    )]
    #[arg(hide_short_help = true)]
    metrics_names: Option<Names>,
    /// Let all metric names in Prometheus begin with this and `_`
    #[arg(
        long,
        value_name = "NAME",
        env = "TRESTLE_METRICS_NAMESPACE",
        hide_env_values = true
    )]
    #[arg(hide_short_help = true)]
    metrics_namespace: Option<Namespace>,
}

impl Sources {
    pub(super) fn apply(&self, config: &mut Config) {
        if self.upstream.is_some() {
            config.upstream_url.clone_from(&self.upstream);
        }
        // A flag for one kind of source replaces whichever the file names.
        let descriptors = &mut config.descriptors;
        if self.descriptor_set.is_some() {
            descriptors.set.clone_from(&self.descriptor_set);
            descriptors.protos.clear();
        }
        if !self.proto.is_empty() {
            descriptors.protos.clone_from(&self.proto);
            descriptors.set = None;
        }
        if !self.proto_path.is_empty() {
            descriptors.proto_paths.clone_from(&self.proto_path);
        }
        if !self.rules.is_empty() {
            config.rules.files.clone_from(&self.rules);
        }
        if !self.auto_map.is_empty() {
            config.rules.auto_map = AutoMap::from_words(self.auto_map.iter().cloned());
        }
    }
}

impl Listening {
    pub(super) fn apply(&self, config: &mut Config) {
        put(self.listen, &mut config.listen);
        put(self.admin_listen, &mut config.admin_listen);
        put(self.serve_openapi, &mut config.gateway.serve_openapi);
        put(self.serve_docs, &mut config.gateway.serve_docs);
        put(self.workers, &mut config.server.workers);
        put(self.drain_delay, &mut config.server.drain_delay);
        put(self.drain_grace, &mut config.server.drain_grace);
    }
}

impl Exchange {
    pub(super) fn apply(&self, config: &mut Config) {
        let gateway = &mut config.gateway;
        put(self.deadline, &mut gateway.route.default_deadline);
        put(self.max_deadline, &mut gateway.route.max_deadline);
        put(self.max_body, &mut gateway.route.max_body);
        if !self.cors_origin.is_empty() {
            gateway.cors.origins.clone_from(&self.cors_origin);
        }
        if !self.trusted_proxy.is_empty() {
            gateway.trusted_proxies = Some(self.trusted_proxy.clone());
        }
        put(
            self.ignore_unknown,
            &mut gateway.route.ignore_unknown_parameters,
        );
        put(self.ignore_unknown, &mut gateway.route.read.ignore_unknown);
        put(self.always_print, &mut gateway.route.write.always_print);
        put(self.proto_names, &mut gateway.route.write.proto_names);
        put(self.enum_numbers, &mut gateway.route.write.enum_numbers);
    }
}

impl Metrics {
    pub(super) fn apply(&self, config: &mut Config) {
        put(self.metrics_names, &mut config.metrics.names);
        if self.metrics_namespace.is_some() {
            let namespace = &mut config.metrics.namespace;
            namespace.clone_from(&self.metrics_namespace);
        }
    }
}

impl Logging {
    pub(super) fn apply(&self, config: &mut Config) {
        put(self.log_format, &mut config.logs.format);
        put(self.log_level.clone(), &mut config.logs.level);
    }
}

fn put<T>(given: Option<T>, setting: &mut T) {
    if let Some(given) = given {
        *setting = given;
    }
}
