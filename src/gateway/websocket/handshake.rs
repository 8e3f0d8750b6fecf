//! The opening handshake (RFC 6455 §4.2): what it must satisfy, and its answer.

use super::super::answer::Response;
use super::super::failure::Failure;
use super::super::settings::WebSocket;
use super::link::Kind;
use super::origin;
use axum::body::Body;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use hyper::upgrade::OnUpgrade;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// A handshake that can be accepted.
pub(super) struct Handshake {
    upgrade: OnUpgrade,
    accept: HeaderValue,
    protocol: Option<Kind>,
}

/// Whether a request asks for a WebSocket of a server that can give one.
pub(super) fn is_asked(head: &Parts) -> bool {
    // This first: a server only offers it for requests that ask for an upgrade.
    head.extensions.get::<OnUpgrade>().is_some()
        && head.method == Method::GET
        && has_token(&head.headers, UPGRADE, "websocket")
        && has_token(&head.headers, CONNECTION, "upgrade")
}

impl Handshake {
    pub(super) fn check(head: &mut Parts, settings: &WebSocket) -> Result<Self, Failure> {
        let headers = &head.headers;
        if one(headers, SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
            return Err(Failure::WebSocketVersion);
        }
        let key = one(headers, SEC_WEBSOCKET_KEY).filter(|key| is_key(key.as_bytes()));
        let key = key.ok_or(Failure::WebSocketKey)?;
        origin::check(head, settings)?;
        let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()))
            .expect("base64 is a header value");
        let protocol = protocol(headers);
        let upgrade = head.extensions.remove::<OnUpgrade>();
        Ok(Self {
            upgrade: upgrade.expect("`is_asked` has seen it"),
            accept,
            protocol,
        })
    }

    /// The kind of frames that the subprotocol fixes, if one was agreed on.
    pub(super) fn kind(&self) -> Option<Kind> {
        self.protocol
    }

    /// 101, and the connection that follows it.
    pub(super) fn accept(self) -> (Response, OnUpgrade) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept);
        if let Some(kind) = self.protocol {
            let name = HeaderValue::from_static(kind.protocol());
            headers.insert(SEC_WEBSOCKET_PROTOCOL, name);
        }
        (response, self.upgrade)
    }
}

/// The first subprotocol that the client offers and this speaks.
fn protocol(headers: &HeaderMap) -> Option<Kind> {
    tokens(headers, SEC_WEBSOCKET_PROTOCOL).find_map(|name| {
        [Kind::Text, Kind::Binary]
            .into_iter()
            .find(|kind| kind.protocol() == name)
    })
}

/// Base64 of 16 bytes.
fn is_key(key: &[u8]) -> bool {
    use base64::Engine as _;
    let decoded = base64::engine::general_purpose::STANDARD.decode(key);
    decoded.is_ok_and(|nonce| nonce.len() == 16)
}

/// A header that stands once.
fn one(headers: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|found| found.eq_ignore_ascii_case(token))
}

fn tokens(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter();
    let values = values.filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}
