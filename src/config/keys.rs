//! Every key that the file may have, and which setting it is.

use super::{
    Config,
    document::{Entry, Value},
    routes,
    units::{address, count, duration, size},
};
use crate::{rule::AutoMap, telemetry::span::UnknownNames};
use std::{fmt::Display, num::NonZeroUsize, path::PathBuf, str::FromStr, time::Duration};

type Set = fn(&mut Config, &Value) -> Result<(), String>;

/// The one list of keys, with that of `routes`: what is in neither is unknown.
#[rustfmt::skip]
const KEYS: &[(&str, Set)] = &[
    ("listen", |c, v| v.to(&mut c.listen, address)),
    ("admin_listen", |c, v| v.to(&mut c.admin_listen, address)),
    ("upstream.url", |c, v| v.to(&mut c.upstream_url, |text| Ok(Some(text.to_owned())))),
    ("upstream.connect_timeout", |c, v| v.to(&mut c.upstream.connect_timeout, positive)),
    ("upstream.max_reply_message", |c, v| v.to(&mut c.upstream.max_reply_message, size)),
    ("descriptors.set", |c, v| v.to(&mut c.descriptors.set, |text| Ok(Some(text.into())))),
    ("descriptors.protos", |c, v| v.list_to(&mut c.descriptors.protos, path)),
    ("descriptors.proto_paths", |c, v| v.list_to(&mut c.descriptors.proto_paths, path)),
    ("rules.files", |c, v| v.list_to(&mut c.rules.files, path)),
    ("rules.auto_map", |c, v| {
        let mut services = Vec::new();
        v.list_to(&mut services, |text| Ok(text.to_owned()))?;
        c.rules.auto_map = AutoMap::from_words(services);
        Ok(())
    }),
    ("gateway.body_timeout", |c, v| v.to(&mut c.gateway.body_timeout, positive)),
    ("gateway.body_idle_timeout", |c, v| v.to(&mut c.gateway.body_idle_timeout, positive)),
    ("gateway.forward_headers", |c, v| v.list_to(&mut c.gateway.forward_headers, parsed)),
    ("gateway.trusted_proxies", |c, v| {
        v.list_to(c.gateway.trusted_proxies.insert(Vec::new()), parsed)
    }),
    ("gateway.etags", |c, v| v.to(&mut c.gateway.etags, parsed)),
    ("gateway.compress", |c, v| v.to(&mut c.gateway.compress, parsed)),
    ("cors.origins", |c, v| v.list_to(&mut c.gateway.cors.origins, parsed)),
    ("cors.credentials", |c, v| v.to(&mut c.gateway.cors.credentials, parsed)),
    ("cors.max_age", |c, v| v.to(&mut c.gateway.cors.max_age, duration)),
    ("websocket.origins", |c, v| v.list_to(&mut c.gateway.websocket.origins, |text| Ok(text.to_owned()))),
    ("websocket.ping_interval", |c, v| v.to(&mut c.gateway.websocket.ping_interval, positive)),
    ("websocket.pong_timeout", |c, v| v.to(&mut c.gateway.websocket.pong_timeout, positive)),
    ("openapi.serve", |c, v| v.to(&mut c.gateway.serve_openapi, parsed)),
    ("openapi.docs", |c, v| v.to(&mut c.gateway.serve_docs, parsed)),
    ("openapi.title", |c, v| v.to(&mut c.gateway.openapi.title, text)),
    ("openapi.version", |c, v| v.to(&mut c.gateway.openapi.version, text)),
    ("openapi.description", |c, v| v.to(&mut c.gateway.openapi.description, text)),
    ("openapi.contact_name", |c, v| v.to(&mut c.gateway.openapi.contact_name, text)),
    ("openapi.contact_url", |c, v| v.to(&mut c.gateway.openapi.contact_url, text)),
    ("openapi.contact_email", |c, v| v.to(&mut c.gateway.openapi.contact_email, text)),
    ("openapi.license", |c, v| v.to(&mut c.gateway.openapi.license, text)),
    ("openapi.license_url", |c, v| v.to(&mut c.gateway.openapi.license_url, text)),
    ("openapi.servers", |c, v| v.list_to(&mut c.gateway.openapi.servers, |url| Ok(url.to_owned()))),
    ("openapi.security", |c, v| v.list_to(&mut c.gateway.openapi.security, parsed)),
    ("openapi.visibility", |c, v| v.list_to(&mut c.gateway.openapi.visibility, |label| Ok(label.to_owned()))),
    ("server.workers", |c, v| v.to(&mut c.server.workers, count)),
    ("server.max_connections", |c, v| v.to(&mut c.server.max_connections, |text| count(text).map(NonZeroUsize::get))),
    ("server.first_byte_timeout", |c, v| v.to(&mut c.server.first_byte, positive)),
    ("server.header_timeout", |c, v| v.to(&mut c.server.headers, positive)),
    ("server.idle_timeout_http1", |c, v| v.to(&mut c.server.idle_h1, positive)),
    ("server.idle_timeout_http2", |c, v| v.to(&mut c.server.idle_h2, positive)),
    ("server.write_stall_timeout", |c, v| v.to(&mut c.server.write_stall, positive)),
    ("server.drain_delay", |c, v| v.to(&mut c.server.drain_delay, duration)),
    ("server.drain_grace", |c, v| v.to(&mut c.server.drain_grace, duration)),
    ("metrics.names", |c, v| v.to(&mut c.metrics.names, FromStr::from_str)),
    ("metrics.namespace", |c, v| v.to(&mut c.metrics.namespace, |text| Ok(Some(text.parse()?)))),
    ("telemetry.sampling", |_, _| {
        Err("expected a list of rules, such as `- { prefix: /api, sample: always }`".to_owned())
    }),
    ("telemetry.xray_rules", |c, v| v.to(&mut c.xray_rules, |text| Ok(Some(text.into())))),
    ("telemetry.public_endpoint", |c, v| v.to(&mut c.telemetry.sampling.public_endpoint, parsed)),
    ("telemetry.debug_per_second", |c, v| v.to(&mut c.telemetry.sampling.debug_per_second, parsed)),
    ("telemetry.names", |c, v| v.to(&mut c.telemetry.names, |text| text.parse().map_err(|error: UnknownNames| error.to_string()))),
    ("telemetry.access_log", |c, v| v.to(&mut c.telemetry.access_log, parsed)),
    ("log.format", |c, v| v.to(&mut c.logs.format, FromStr::from_str)),
    ("log.level", |c, v| v.to(&mut c.logs.level, FromStr::from_str)),
];

/// Sets what `entry` says, or says what is wrong with it.
pub(super) fn set(config: &mut Config, entry: &Entry) -> Result<(), String> {
    let key = entry.key.as_str();
    let set = match KEYS.iter().find(|(known, _)| *known == key) {
        Some((_, set)) => set(config, &entry.value),
        None => match routes::KEYS.iter().find(|(known, _)| *known == key) {
            Some((_, set)) => set(&mut config.gateway.route, &entry.value),
            None => return Err(unknown(key, &names())),
        },
    };
    set.map_err(|message| format!("`{key}`: {message}"))
}

fn names() -> Vec<&'static str> {
    let own = KEYS.iter().map(|(name, _)| *name);
    own.chain(routes::KEYS.iter().map(|(name, _)| *name))
        .chain(["routes"])
        .collect()
}

/// What is said of a key that is none of those that are known.
pub(super) fn unknown(key: &str, names: &[&str]) -> String {
    let below: Vec<_> = names
        .iter()
        .filter_map(|known| {
            known
                .strip_prefix(key)
                .and_then(|rest| rest.strip_prefix('.'))
        })
        .collect();
    if !below.is_empty() {
        return format!(
            "`{key}` is a section; set one of {} in it",
            below.join(", ")
        );
    }
    match nearest(key, names) {
        Some(known) => format!("unknown key `{key}`; did you mean `{known}`?"),
        None => format!("unknown key `{key}`; the keys are {}", names.join(", ")),
    }
}

/// The name that is so near that it was probably meant.
pub(super) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(known, name), *known))
        .min()
        .filter(|(distance, _)| *distance <= 1 + name.len() / 4)
        .map(|(_, known)| known)
}

impl Value {
    pub(super) fn to<T>(
        &self,
        setting: &mut T,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<(), String> {
        match self {
            Value::Scalar(text) => *setting = parse(text)?,
            Value::List(_) | Value::Nodes(_) => {
                return Err("expected one value, found a list".to_owned());
            }
        }
        Ok(())
    }

    /// A scalar is a list of one.
    pub(super) fn list_to<T>(
        &self,
        setting: &mut Vec<T>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<(), String> {
        *setting = match self {
            Value::Scalar(text) => vec![parse(text)?],
            Value::List(items) => items
                .iter()
                .map(|item| parse(item))
                .collect::<Result<_, _>>()?,
            Value::Nodes(_) => return Err("expected a list of plain values".to_owned()),
        };
        Ok(())
    }
}

pub(super) fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("`{text}`: {error}"))
}

fn text(text: &str) -> Result<Option<String>, String> {
    Ok(Some(text.to_owned()))
}

fn path(text: &str) -> Result<PathBuf, String> {
    Ok(text.into())
}

pub(super) fn positive(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("it must be longer than nothing".to_owned()),
        duration => Ok(duration),
    }
}
