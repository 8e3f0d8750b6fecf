//! What the environment says of telemetry's destinations, by the standard
//! variables of OpenTelemetry, of AWS and of Google. Opens nothing and sends
//! nothing; that is for [`Settings::start`].

mod clouds;
mod otlp;
mod variables;

pub(super) use otlp::is_secure;

use super::{Batching, aws, google, otlp::Settings as Otlp, otlp::Signal};
use http::Uri;
use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use std::time::Duration;
use variables::Variables;

/// Where telemetry goes.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where spans go; nowhere when empty.
    pub destinations: Vec<Chosen>,
    /// Where metrics are pushed to, if anywhere.
    pub metrics: Option<Otlp>,
    /// How spans are put together.
    pub batching: Batching,
    /// Whose telemetry it is.
    pub resource: Resource,
    /// Whether there is to be no telemetry at all (`OTEL_SDK_DISABLED`).
    pub disabled: bool,
    /// What was wrong with variables, and what holds in their stead.
    pub warnings: Vec<String>,
}

/// A destination of spans.
#[derive(Debug, Clone)]
pub enum Chosen {
    /// A receiver of OTLP: a collector, Jaeger, Zipkin's, a vendor's.
    Otlp(Otlp),
    /// AWS X-Ray's own endpoint for OTLP.
    XRay(aws::Settings),
    /// The X-Ray daemon at this address, or what stands in for it.
    XRayDaemon(String),
    /// Google Cloud's Telemetry API.
    Google(google::Settings),
    /// Trees of spans for people, on stderr.
    Console,
}

const EXPORTERS: &str = "otlp, xray, xray-daemon, google, console, none";

impl Settings {
    /// Whether a destination takes only trace ids that begin with the time.
    pub fn needs_timed_ids(&self) -> bool {
        let xray = |chosen: &Chosen| matches!(chosen, Chosen::XRay(_) | Chosen::XRayDaemon(_));
        self.destinations.iter().any(xray)
    }

    /// Reads the variables that `lookup` finds. `service` is what the telemetry is
    /// of where they do not say.
    ///
    /// Spans go to what `OTEL_TRACES_EXPORTER` lists; without it by OTLP where an
    /// endpoint is set, and else nowhere.
    ///
    /// # Errors
    ///
    /// All values with which telemetry would go astray, each by its variable's name.
    /// Others leave a default and a warning, as OpenTelemetry asks.
    pub fn from_env(
        lookup: impl Fn(&str) -> Option<String>,
        service: &str,
    ) -> Result<Self, Vec<String>> {
        let mut variables = Variables::new(&lookup);
        let off = variables.flag("OTEL_SDK_DISABLED");
        let mut settings = Self {
            destinations: Vec::new(),
            metrics: None,
            batching: batching(&mut variables),
            resource: resource(&mut variables, service),
            disabled: off,
            warnings: Vec::new(),
        };
        if !off {
            settings.destinations = destinations(&mut variables);
            settings.metrics = metrics(&mut variables);
        }
        settings.warnings = variables.warnings;
        if variables.errors.is_empty() {
            Ok(settings)
        } else {
            Err(variables.errors)
        }
    }
}

fn destinations(variables: &mut Variables<'_>) -> Vec<Chosen> {
    let names = chosen("OTEL_TRACES_EXPORTER", Signal::Traces, variables);
    let mut destinations = Vec::new();
    for name in names {
        match name.as_str() {
            "otlp" => {
                let settings = otlp::read(Signal::Traces, variables);
                destinations.push(Chosen::Otlp(settings));
            }
            "xray" => destinations.extend(clouds::xray(variables).map(Chosen::XRay)),
            "xray-daemon" => {
                destinations.push(Chosen::XRayDaemon(clouds::xray_daemon(variables)));
            }
            "google" => destinations.extend(clouds::google(variables).map(Chosen::Google)),
            // `logging` is what the standard called it before.
            "console" | "logging" => destinations.push(Chosen::Console),
            "none" => {}
            _ => variables.warnings.push(format!(
                "OTEL_TRACES_EXPORTER: there is no exporter `{name}`; those there are: {EXPORTERS}"
            )),
        }
    }
    destinations
}

fn metrics(variables: &mut Variables<'_>) -> Option<Otlp> {
    let names = chosen("OTEL_METRICS_EXPORTER", Signal::Metrics, variables);
    names
        .iter()
        .any(|name| name == "otlp")
        .then(|| otlp::read(Signal::Metrics, variables))
}

/// What the list of exporters names; OTLP where only an endpoint is named.
fn chosen(list: &str, signal: Signal, variables: &Variables<'_>) -> Vec<String> {
    variables.list(list).unwrap_or_else(|| {
        let given = otlp::is_given(signal, variables);
        given.then(|| "otlp".to_owned()).into_iter().collect()
    })
}

fn batching(variables: &mut Variables<'_>) -> Batching {
    let usual = Batching::default();
    let max_queue = variables.count("OTEL_BSP_MAX_QUEUE_SIZE", usual.max_queue);
    let max_batch = variables.count("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", usual.max_batch);
    if max_batch > max_queue {
        variables.warnings.push(format!(
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE: {max_batch} spans do not fit in \
             OTEL_BSP_MAX_QUEUE_SIZE's {max_queue}; {max_queue} is used"
        ));
    }
    Batching {
        max_queue,
        max_batch: max_batch.min(max_queue),
        delay: variables.millis("OTEL_BSP_SCHEDULE_DELAY", usual.delay),
        export_timeout: positive(
            variables.millis("OTEL_BSP_EXPORT_TIMEOUT", usual.export_timeout),
            usual.export_timeout,
        ),
    }
}

/// A time of 0 would let nothing through.
fn positive(time: Duration, usual: Duration) -> Duration {
    if time.is_zero() { usual } else { time }
}

fn resource(variables: &mut Variables<'_>, service: &str) -> Resource {
    let mut attributes = vec![
        KeyValue::new("telemetry.sdk.name", "trestle"),
        KeyValue::new("telemetry.sdk.language", "rust"),
        KeyValue::new("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.name", service.to_owned()),
        KeyValue::new("process.pid", i64::from(std::process::id())),
    ];
    let given = variables.pairs("OTEL_RESOURCE_ATTRIBUTES");
    attributes.extend(
        given
            .into_iter()
            .map(|(key, value)| KeyValue::new(key, value)),
    );
    if let Some(name) = variables.text("OTEL_SERVICE_NAME") {
        attributes.push(KeyValue::new("service.name", name));
    }
    // Of two with one name the later holds.
    Resource::builder_empty()
        .with_attributes(attributes)
        .build()
}

/// A URL that can be sent to, or what it lacks.
fn url(text: &str) -> Result<Uri, String> {
    let form = "is no URL; write it like http://localhost:4318";
    let url: Uri = text.parse().map_err(|_| form.to_owned())?;
    match (url.scheme_str(), url.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(url),
        (Some(scheme), Some(_)) => Err(format!(
            "has the scheme `{scheme}`; only http and https are spoken"
        )),
        _ => Err(form.to_owned()),
    }
}

#[cfg(test)]
mod tests;
