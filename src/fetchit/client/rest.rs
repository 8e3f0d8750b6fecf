//! The same call by REST, spelled out, since to show it is the point: one POST
//! over one HTTP/1.1 connection.

use super::{Answer, CallError, Exchange};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::uri::{Authority, Uri};
use http::{HeaderMap, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::fmt;
use tokio::net::TcpStream;

const PATH: &str = "/api/capitalize";
/// The largest answer that is read, in bytes.
const LIMIT: usize = 16 << 20;

/// A gateway, by its address.
#[derive(Debug)]
pub(super) struct Rest {
    authority: Authority,
}

impl Rest {
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let uri: Uri = url
            .parse()
            .map_err(|_| format!("`{url}` is no URL; write it like http://127.0.0.1:8080"))?;
        let plain = matches!(uri.scheme_str(), Some("http")) && matches!(uri.path(), "" | "/");
        match uri.authority() {
            Some(authority) if plain => Ok(Self {
                authority: authority.clone(),
            }),
            _ => Err(format!(
                "`{url}` is not of the form http://HOST:PORT, which is all that the client needs"
            )),
        }
    }

    pub(super) async fn call(&self, text: &[u8], trace: HeaderMap) -> Result<Answer, CallError> {
        let sent = json!({ "data": STANDARD.encode(text) }).to_string();
        let exchange = self.exchange(sent, trace).await.map_err(|error| {
            CallError::Unreachable(format!("{self} cannot be reached: {error}"))
        })?;
        match capitals(&exchange) {
            Some(text) => Ok(Answer {
                text,
                exchange: Some(exchange),
            }),
            None => Err(CallError::Rest(Box::new(exchange))),
        }
    }

    async fn exchange(
        &self,
        sent: String,
        trace: HeaderMap,
    ) -> Result<Exchange, Box<dyn std::error::Error + Send + Sync>> {
        let port = self.authority.port_u16().unwrap_or(80);
        // A host in brackets is an IPv6 address, which resolvers take without.
        let host = self.authority.host().trim_matches(['[', ']']);
        let socket = TcpStream::connect((host, port)).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
        // It ends with the sender; what goes wrong on it is told by the answer.
        let driving = tokio::spawn(connection);
        let mut request = Request::new(Full::new(Bytes::from(sent.clone())));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static(PATH);
        *request.headers_mut() = trace;
        let json = HeaderValue::from_static("application/json");
        let host = HeaderValue::from_str(self.authority.as_str())?;
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        request.headers_mut().insert(header::HOST, host);
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LIMIT).collect().await?;
        driving.abort();
        Ok(Exchange {
            request: format!("POST {PATH}"),
            sent,
            status,
            received: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        })
    }
}

/// The capitals in a good answer; a reply without data is one without text.
fn capitals(exchange: &Exchange) -> Option<Vec<u8>> {
    if !exchange.status.is_success() {
        return None;
    }
    let reply: Value = serde_json::from_str(&exchange.received).ok()?;
    match reply.as_object()?.get("data") {
        Some(data) => STANDARD.decode(data.as_str()?).ok(),
        None => Some(Vec::new()),
    }
}

impl fmt::Display for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.authority)
    }
}
