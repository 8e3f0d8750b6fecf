//! `OTEL_EXPORTER_OTLP_*`: each variable in its form for one signal, else in the
//! one for all.

use super::super::otlp::{Protocol, Settings, Signal, Tls};
use super::variables::Variables;
use http::{Uri, uri::Scheme};

/// A value and the variable that it comes from.
struct Given {
    name: String,
    value: String,
    /// Set for this signal alone.
    own: bool,
}

/// Whether the variables name a receiver of this signal.
pub(super) fn is_given(signal: Signal, variables: &Variables<'_>) -> bool {
    given(signal, "ENDPOINT", variables).is_some()
}

/// The receiver of one signal; the standard one on this host when none is named.
pub(super) fn read(signal: Signal, variables: &mut Variables<'_>) -> Settings {
    let protocol = protocol(signal, variables);
    let endpoint = endpoint(signal, protocol, variables);
    let mut settings = Settings::new(endpoint, protocol);
    let timeout = variables.millis(&name(signal, "TIMEOUT", variables), settings.timeout);
    settings.timeout = super::positive(timeout, settings.timeout);
    settings.gzip = gzip(signal, variables);
    // Those for this signal over those for all, header by header.
    for variable in [
        "OTEL_EXPORTER_OTLP_HEADERS".to_owned(),
        own(signal, "HEADERS"),
    ] {
        let headers = variables.headers(&variable);
        for key in headers.keys() {
            settings.headers.remove(key);
        }
        settings.headers.extend(headers);
    }
    settings.tls = tls(signal, variables);
    settings
}

fn protocol(signal: Signal, variables: &mut Variables<'_>) -> Protocol {
    let Some(Given { name, value, .. }) = given(signal, "PROTOCOL", variables) else {
        return Protocol::default();
    };
    match value.as_str() {
        "grpc" => Protocol::Grpc,
        "http/protobuf" => Protocol::Http,
        "http/json" => {
            variables.errors.push(format!(
                "{name}: `http/json` is not offered; write http/protobuf or grpc"
            ));
            Protocol::Http
        }
        _ => {
            variables.warnings.push(format!(
                "{name}: `{value}` is not one of grpc, http/protobuf; http/protobuf is used"
            ));
            Protocol::Http
        }
    }
}

fn endpoint(signal: Signal, protocol: Protocol, variables: &mut Variables<'_>) -> Uri {
    let insecure = variables.flag(&name(signal, "INSECURE", variables));
    let usual = match protocol {
        Protocol::Grpc => Uri::from_static("http://localhost:4317/"),
        Protocol::Http => match signal {
            Signal::Traces => Uri::from_static("http://localhost:4318/v1/traces"),
            Signal::Metrics => Uri::from_static("http://localhost:4318/v1/metrics"),
        },
    };
    let Some(given) = given(signal, "ENDPOINT", variables) else {
        return usual;
    };
    let mut url = given.value.clone();
    if protocol == Protocol::Grpc && !url.contains("://") {
        url = format!("{}://{url}", if insecure { "http" } else { "https" });
    }
    if protocol == Protocol::Http && !given.own {
        url = format!("{}/{}", url.trim_end_matches('/'), signal.http_path());
    }
    super::url(&url).unwrap_or_else(|error| {
        let Given { name, value, .. } = given;
        variables.errors.push(format!("{name}: `{value}` {error}"));
        usual
    })
}

fn gzip(signal: Signal, variables: &mut Variables<'_>) -> bool {
    match given(signal, "COMPRESSION", variables) {
        Some(Given { value, .. }) if value == "gzip" => true,
        Some(Given { name, value, .. }) if value != "none" => {
            variables.warnings.push(format!(
                "{name}: `{value}` is not one of gzip, none; none is used"
            ));
            false
        }
        _ => false,
    }
}

fn tls(signal: Signal, variables: &mut Variables<'_>) -> Tls {
    let file = |what| given(signal, what, variables).map(|given| given.value.into());
    let authorities = file("CERTIFICATE");
    let identity = match (file("CLIENT_CERTIFICATE"), file("CLIENT_KEY")) {
        (Some(chain), Some(key)) => Some((chain, key)),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            variables.errors.push(
                "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY: one is \
                 set without the other; set both or none"
                    .to_owned(),
            );
            None
        }
    };
    Tls {
        authorities,
        identity,
    }
}

fn given(signal: Signal, what: &str, variables: &Variables<'_>) -> Option<Given> {
    let own_name = own(signal, what);
    if let Some(value) = variables.text(&own_name) {
        return Some(Given {
            name: own_name,
            value,
            own: true,
        });
    }
    let name = format!("OTEL_EXPORTER_OTLP_{what}");
    let value = variables.text(&name)?;
    Some(Given {
        name,
        value,
        own: false,
    })
}

/// The variable that says `what`: the signal's own where it is set.
fn name(signal: Signal, what: &str, variables: &Variables<'_>) -> String {
    given(signal, what, variables).map_or_else(|| own(signal, what), |given| given.name)
}

fn own(signal: Signal, what: &str) -> String {
    format!("OTEL_EXPORTER_OTLP_{}_{what}", signal.variable())
}

/// Whether TLS is spoken there.
pub(in super::super) fn is_secure(endpoint: &Uri) -> bool {
    endpoint.scheme() == Some(&Scheme::HTTPS)
}
