//! What is said once the program is ready: where it listens and what to try. For
//! people on a terminal, one JSON line elsewhere; always printed, since it names
//! the ports that were chosen for port 0.

use crate::{config::Config, telemetry::logs::Format};
use serde_json::{Map, Value};
use std::net::SocketAddr;

/// Facts about the running program, in order.
#[derive(Debug)]
pub(super) struct Banner {
    format: Format,
    lines: Vec<(&'static str, Value)>,
}

/// How much of a description the gateway serves.
#[derive(Debug, Clone, Copy)]
pub(super) enum Documents {
    None,
    File,
    Page,
}

impl Documents {
    pub(super) fn of(config: &Config) -> Self {
        match (config.gateway.serve_openapi, config.gateway.serve_docs) {
            (true, true) => Self::Page,
            (true, false) => Self::File,
            (false, _) => Self::None,
        }
    }
}

impl Banner {
    pub(super) fn new(format: Format) -> Self {
        let lines = Vec::new();
        Self { format, lines }
    }

    pub(super) fn address(self, name: &'static str, addr: SocketAddr) -> Self {
        self.line(name, format!("http://{addr}"))
    }

    /// Where the API is described, as far as the gateway does that.
    pub(super) fn docs(self, addr: SocketAddr, documents: Documents) -> Self {
        let host = typed(addr);
        match documents {
            Documents::Page => self.line("docs", format!("http://{host}/docs")),
            Documents::File => self.line("openapi", format!("http://{host}/openapi.json")),
            Documents::None => self,
        }
    }

    pub(super) fn line(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.lines.push((name, value.into()));
        self
    }

    pub(super) fn print(&self) {
        if self.format.is_json() {
            eprintln!("{}", self.json());
        } else {
            eprint!("{}", self.text());
        }
    }

    fn json(&self) -> Value {
        let mut line = Map::new();
        line.insert("level".to_owned(), "INFO".into());
        line.insert("message".to_owned(), "ready".into());
        line.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
        for (name, value) in &self.lines {
            line.insert((*name).to_owned(), value.clone());
        }
        line.into()
    }

    fn text(&self) -> String {
        let mut text = format!("trestle {} is ready\n", env!("CARGO_PKG_VERSION"));
        for (name, value) in &self.lines {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            text.push_str(&format!("  {name:<9} {value}\n"));
        }
        text
    }
}

/// An address as it is typed: a name for loopback, and for an address that
/// stands for all of them.
pub(super) fn typed(addr: SocketAddr) -> String {
    if addr.ip().is_loopback() || addr.ip().is_unspecified() {
        format!("localhost:{}", addr.port())
    } else {
        addr.to_string()
    }
}
