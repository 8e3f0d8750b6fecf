//! Where one signal goes by OTLP, and how.

use http::{HeaderMap, Uri};
use std::{path::PathBuf, time::Duration};

/// What is sent: each signal has a method, and a path, of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Metrics.
    Metrics,
}

/// How messages are carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// `grpc`
    Grpc,
    /// `http/protobuf`
    #[default]
    Http,
}

/// One receiver of one signal.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The URL that messages are posted to; for gRPC the server.
    pub endpoint: Uri,
    /// How messages are carried.
    pub protocol: Protocol,
    /// Sent with each request.
    pub headers: HeaderMap,
    /// The time that one message has, with all retries.
    pub timeout: Duration,
    /// Whether messages are compressed.
    pub gzip: bool,
    /// Whom to trust, and who we are.
    pub tls: Tls,
}

/// Files of TLS. Without any, the system's root certificates are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// Certificates to trust, PEM.
    pub authorities: Option<PathBuf>,
    /// Our own certificate chain and its key, PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
}

// === impl Signal ===

impl Signal {
    /// The path below a base URL.
    pub(in super::super) fn http_path(self) -> &'static str {
        match self {
            Signal::Traces => "v1/traces",
            Signal::Metrics => "v1/metrics",
        }
    }

    /// The gRPC method.
    pub(super) fn method(self) -> &'static str {
        match self {
            Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        }
    }

    /// What the signal is called in variables.
    pub(in super::super) fn variable(self) -> &'static str {
        match self {
            Signal::Traces => "TRACES",
            Signal::Metrics => "METRICS",
        }
    }
}

// === impl Settings ===

impl Settings {
    /// A receiver at `endpoint` with nothing out of the ordinary.
    pub fn new(endpoint: Uri, protocol: Protocol) -> Self {
        Self {
            endpoint,
            protocol,
            headers: HeaderMap::new(),
            timeout: Duration::from_secs(10),
            gzip: false,
            tls: Tls::default(),
        }
    }
}
