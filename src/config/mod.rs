//! What the operator said, made valid: the defaults, a YAML file over them, and
//! what flags and environment put over that. Each room has its own settings;
//! this room only fills them. Opening what the settings name is left to `cli`.

mod document;
mod keys;
mod units;

pub use units::{duration, size};

use crate::{gateway, server, telemetry::logs, upstream};
use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// The largest configuration file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// All that can be configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where HTTP requests are taken.
    pub listen: SocketAddr,
    /// Where health is served.
    pub admin_listen: SocketAddr,
    /// The backend's URL.
    pub upstream_url: Option<String>,
    /// The way to the backend.
    pub upstream: upstream::Settings,
    /// Where descriptors come from.
    pub descriptors: Descriptors,
    /// The exchange.
    pub gateway: gateway::Settings,
    /// The transport.
    pub server: server::Settings,
    /// The log.
    pub logs: logs::Settings,
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
            gateway: gateway::Settings::default(),
            server: server::Settings::default(),
            logs: logs::Settings::default(),
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
        match read_to_string(path) {
            Ok(text) => Self::parse(&text, path),
            Err(error) => (Self::default(), vec![unread(error)]),
        }
    }

    fn parse(text: &str, path: &Path) -> (Self, Vec<Fault>) {
        let mut config = Self::default();
        let (entries, mut faults) = document::entries(text, path);
        for entry in entries {
            if let Err(message) = keys::set(&mut config, &entry) {
                let place = Some(document::place(path, entry.location));
                faults.push(Fault { place, message });
            }
        }
        let base = path.parent().unwrap_or(Path::new(""));
        config.descriptors.resolve(base);
        (config, faults)
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

fn read_to_string(path: &Path) -> io::Result<String> {
    use io::Read as _;
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    if file.take(MAX_FILE + 1).read_to_string(&mut text)? as u64 > MAX_FILE {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
