//! Who asked, for the backend: `x-forwarded-for`, `-host` and `-proto` as metadata.
//! What stands in the request is believed only when it comes from a trusted peer;
//! anyone else could write there what they like.
//!
//! The peer's address comes with the request, as axum's `ConnectInfo`. A request
//! without one comes from nobody that is trusted.

use super::network::Network;
use super::settings::Settings;
use axum::extract::ConnectInfo;
use http::header::{FORWARDED, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What proxies before us said of the request.
#[derive(Debug, Default)]
struct Told {
    /// The addresses before the peer's own, the client's first.
    through: String,
    host: Option<String>,
    proto: Option<String>,
}

/// Adds the three, when the settings say whom to trust.
pub(super) fn add(head: &Parts, settings: &Settings, out: &mut Vec<(HeaderName, HeaderValue)>) {
    let Some(trusted) = &settings.trusted_proxies else {
        return;
    };
    let peer = head
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let Told {
        mut through,
        host,
        proto,
    } = match peer {
        Some(peer) if is_trusted(trusted, peer) => Told::read(&head.headers),
        _ => Told::default(),
    };
    if let Some(peer) = peer {
        let comma = if through.is_empty() { "" } else { ", " };
        write!(through, "{comma}{peer}").expect("a string takes all");
    }
    let host = host.or_else(|| own_host(head));
    // Listeners here speak no TLS of their own.
    let proto = proto.unwrap_or_else(|| "http".to_owned());
    let entries = [
        (FOR, Some(through).filter(|through| !through.is_empty())),
        (FORWARDED_HOST, host),
        (PROTO, Some(proto)),
    ];
    out.extend(
        entries
            .into_iter()
            .filter_map(|(name, text)| Some((name, HeaderValue::try_from(text?).ok()?))),
    );
}

fn is_trusted(trusted: &[Network], peer: IpAddr) -> bool {
    trusted.iter().any(|network| network.contains(peer))
}

fn own_host(head: &Parts) -> Option<String> {
    match head.uri.authority() {
        Some(authority) => Some(authority.as_str().to_owned()),
        None => text(head.headers.get(HOST)?).map(str::to_owned),
    }
}

fn text(value: &HeaderValue) -> Option<&str> {
    value
        .to_str()
        .ok()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

impl Told {
    /// The `X-Forwarded-*` headers, or `Forwarded` (RFC 7239) where there are none:
    /// who writes both says the same in both.
    fn read(headers: &HeaderMap) -> Self {
        if ![FOR, FORWARDED_HOST, PROTO]
            .iter()
            .any(|name| headers.contains_key(name))
        {
            return Self::read_forwarded(headers);
        }
        let through: Vec<&str> = headers.get_all(FOR).iter().filter_map(text).collect();
        let first = |name| {
            let value = headers.get(name).and_then(text)?;
            value.split(',').next().map(|first| first.trim().to_owned())
        };
        Self {
            through: through.join(", "),
            host: first(FORWARDED_HOST).filter(|host| !host.is_empty()),
            proto: first(PROTO).and_then(|proto| scheme(&proto)),
        }
    }

    fn read_forwarded(headers: &HeaderMap) -> Self {
        let mut told = Self::default();
        let values = headers.get_all(FORWARDED).iter().filter_map(text);
        for hop in values.flat_map(|value| split(value, ',')) {
            for pair in split(hop, ';') {
                let Some((name, value)) = pair.split_once('=') else {
                    continue;
                };
                let value = unquoted(value);
                match name.trim().to_ascii_lowercase().as_str() {
                    "for" => {
                        let comma = if told.through.is_empty() { "" } else { ", " };
                        told.through.push_str(comma);
                        told.through.push_str(node(&value));
                    }
                    // The first hop is the one that the client spoke to.
                    "host" if told.host.is_none() => told.host = Some(value),
                    "proto" if told.proto.is_none() => told.proto = scheme(&value),
                    _ => {}
                }
            }
        }
        told
    }
}

fn scheme(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    matches!(text.as_str(), "http" | "https").then_some(text)
}

/// Splits at `at` outside quotes.
fn split(text: &str, at: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        let was_escaped = std::mem::take(&mut escaped);
        match c {
            '\\' if quoted && !was_escaped => escaped = true,
            '"' if !was_escaped => quoted = !quoted,
            _ => {}
        }
        c == at && !quoted
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    match text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    {
        Some(inner) => inner.replace('\\', ""),
        None => text.to_owned(),
    }
}

/// A node without its port: `192.0.2.1:80`, `[2001:db8::1]:80`, `unknown`, `_name`.
fn node(text: &str) -> &str {
    if let Some((address, _)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        return address;
    }
    text.split_once(':').map_or(text, |(address, _)| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_is_read_as_rfc_7239_has_it() {
        for (value, through, host, proto) in [
            (
                "for=192.0.2.60;proto=http;by=203.0.113.43",
                "192.0.2.60",
                None,
                Some("http"),
            ),
            (
                r#"For="[2001:db8:cafe::17]:4711""#,
                "2001:db8:cafe::17",
                None,
                None,
            ),
            (
                "for=192.0.2.43, for=198.51.100.17:99",
                "192.0.2.43, 198.51.100.17",
                None,
                None,
            ),
            (
                r#"for="_a,b;c";host="h:8080", for=unknown;host=other"#,
                "_a,b;c, unknown",
                Some("h:8080"),
                None,
            ),
            (r#"for="a\"b""#, "a\"b", None, None),
            ("proto=gopher", "", None, None),
            (";;,for,=,", "", None, None),
            (r#"for="192.0.2.1"#, "\"192.0.2.1", None, None),
        ] {
            let value = HeaderValue::from_str(value).expect("legal");
            let told = Told::read(&HeaderMap::from_iter([(FORWARDED, value.clone())]));
            assert_eq!(
                (
                    told.through.as_str(),
                    told.host.as_deref(),
                    told.proto.as_deref()
                ),
                (through, host, proto),
                "{value:?}"
            );
        }
    }
}
