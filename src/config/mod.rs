//! What the operator said, made valid: the defaults, a YAML file over them, and
//! what flags and environment put over that. Each room has its own settings;
//! this room only fills them. Opening what the settings name is left to `cli`.

mod document;
mod keys;
mod routes;
mod units;

pub use routes::Routes;
pub use units::{address, count, duration, size};

use crate::{
    gateway, rule, server,
    telemetry::{logs, metrics, observe, sampling},
    upstream, yaml,
};
use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// All that can be configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where HTTP requests are taken.
    pub listen: SocketAddr,
    /// Where health, metrics and debug pages are served.
    pub admin_listen: SocketAddr,
    /// The backend's URL.
    pub upstream_url: Option<String>,
    /// The way to the backend.
    pub upstream: upstream::Settings,
    /// Where descriptors come from.
    pub descriptors: Descriptors,
    /// Which rules hold beside the annotations in the descriptors.
    pub rules: Rules,
    /// The exchange.
    pub gateway: gateway::Settings,
    /// What differs for some routes.
    pub routes: Routes,
    /// The transport.
    pub server: server::Settings,
    /// The log.
    pub logs: logs::Settings,
    /// What metrics are called.
    pub metrics: metrics::Settings,
    /// The watching of calls.
    pub telemetry: observe::Settings,
    /// A file of X-Ray's local sampling rules.
    pub xray_rules: Option<PathBuf>,
}

/// The files that descriptors come from; naming both kinds is a fault.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Descriptors {
    /// An encoded `FileDescriptorSet`.
    pub set: Option<PathBuf>,
    /// `.proto` sources.
    pub protos: Vec<PathBuf>,
    /// Where sources look for their imports.
    pub proto_paths: Vec<PathBuf>,
}

/// Rules that do not stand in the descriptors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// Files of the kind `google.api.Service`.
    pub files: Vec<PathBuf>,
    /// Which methods without a rule are served all the same.
    pub auto_map: rule::AutoMap,
}

/// One thing that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// `file:line:column`, or the file, or nothing when no one place is at fault.
    place: Option<String>,
    message: String,
}

impl Default for Config {
    fn default() -> Self {
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            listen: local(8080),
            admin_listen: local(9465),
            upstream_url: None,
            upstream: upstream::Settings::default(),
            descriptors: Descriptors::default(),
            rules: Rules::default(),
            gateway: gateway::Settings::default(),
            routes: Routes::default(),
            server: server::Settings::default(),
            logs: logs::Settings::default(),
            metrics: metrics::Settings::default(),
            telemetry: observe::Settings::default(),
            xray_rules: None,
        }
    }
}

impl Config {
    /// The defaults with a file over them, and every fault of the file. Relative
    /// paths in it are relative to the file.
    pub fn read(path: &Path) -> (Self, Vec<Fault>) {
        let unread = |error: io::Error| Fault {
            place: Some(path.display().to_string()),
            message: format!("cannot read the configuration: {error}"),
        };
        match yaml::read(path) {
            Ok(text) => Self::parse(&text, path),
            Err(error) => (Self::default(), vec![unread(error)]),
        }
    }

    fn parse(text: &str, path: &Path) -> (Self, Vec<Fault>) {
        let mut config = Self::default();
        let document::Document {
            entries,
            routes,
            mut faults,
        } = document::entries(text, path);
        if let Some(routes) = routes {
            config.routes = Routes::read(routes, path, &mut faults);
        }
        for entry in entries {
            let place = Some(document::place(path, entry.place));
            match (entry.key.as_str(), &entry.value) {
                ("telemetry.sampling", document::Value::Nodes(nodes)) => {
                    faults.extend(config.sampling(nodes, path));
                }
                _ => {
                    if let Err(message) = keys::set(&mut config, &entry) {
                        faults.push(Fault { place, message });
                    }
                }
            }
        }
        let base = path.parent().unwrap_or(Path::new(""));
        config.descriptors.resolve(base);
        for path in config.rules.files.iter_mut().chain(&mut config.xray_rules) {
            *path = base.join(&*path);
        }
        (config, faults)
    }

    /// Takes the rules of sampling, or says what is wrong with them.
    fn sampling(&mut self, nodes: &[yaml::Node], path: &Path) -> Vec<Fault> {
        let read = sampling::read(nodes);
        let faults = read
            .map(|rules| self.telemetry.sampling.rules = rules)
            .err();
        let told = |fault: sampling::Fault| Fault {
            place: Some(document::place(path, fault.place)),
            message: format!("`telemetry.sampling`: {}", fault.message),
        };
        faults.into_iter().flatten().map(told).collect()
    }

    /// What is wrong with the settings as a whole, once all sources are in.
    pub fn contradictions(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |message: String| {
            faults.push(Fault {
                place: None,
                message,
            });
        };
        let (deadline, longest) = (
            self.gateway.route.default_deadline,
            self.gateway.route.max_deadline,
        );
        if deadline > longest {
            fault(format!(
                "the default deadline ({deadline:?}) is above the longest one ({longest:?}); lower \
                 --deadline or raise --max-deadline"
            ));
        }
        if self.descriptors.set.is_some() && !self.descriptors.protos.is_empty() {
            let message = "a descriptor set and .proto files are both named; leave one of them out";
            fault(message.to_owned());
        }
        if self.listen == self.admin_listen && self.listen.port() != 0 {
            let message = "--listen and --admin-listen are the same address; give one another port";
            fault(message.to_owned());
        }
        faults
    }
}

impl Descriptors {
    fn resolve(&mut self, base: &Path) {
        let paths = self.set.iter_mut().chain(&mut self.protos);
        for path in paths.chain(&mut self.proto_paths) {
            *path = base.join(&*path);
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(out, "{place}: ")?;
        }
        out.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests;
