//! OTLP over HTTP with protobuf bodies.

use super::{
    super::{
        Error,
        auth::Auth,
        client::{Client, excerpt},
        env::is_secure,
    },
    Refusal, Settings,
    retry::Again,
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, USER_AGENT},
};
use prost::Message as _;
use std::{
    io::Write as _,
    time::{Duration, SystemTime},
};

const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");
pub(super) const AGENT: &str = concat!("trestle/", env!("CARGO_PKG_VERSION"), " (OTLP exporter)");

#[derive(Debug)]
pub(super) struct Carrier {
    client: Client,
    endpoint: Uri,
    headers: HeaderMap,
    gzip: bool,
    auth: Auth,
}

impl Carrier {
    pub(super) fn new(settings: &Settings, auth: Auth) -> Result<Self, Error> {
        let tls = is_secure(&settings.endpoint).then_some(&settings.tls);
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        headers.extend(settings.headers.clone());
        headers.insert(CONTENT_TYPE, PROTOBUF);
        if settings.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Ok(Self {
            client: Client::new(tls)?,
            endpoint: settings.endpoint.clone(),
            headers,
            gzip: settings.gzip,
            auth,
        })
    }

    /// The message as it goes over the wire.
    pub(super) fn pack(&self, message: Bytes) -> Bytes {
        if !self.gzip {
            return message;
        }
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed
            .write_all(&message)
            .and_then(|()| packed.finish())
            .expect("writing to memory does not fail")
            .into()
    }

    pub(super) async fn send(&mut self, message: Bytes) -> Result<Bytes, Refusal> {
        let mut request = Request::new(message);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        *request.headers_mut() = self.headers.clone();
        self.auth
            .authorize(&mut request)
            .await
            .map_err(|error| Refusal::new(Again::Later, format!("no credentials: {error}")))?;
        let answer = self.client.send(request).await;
        let answer = answer
            .map_err(|error| Refusal::new(Again::Later, format!("{}: {error}", self.endpoint)))?;
        if answer.status().is_success() {
            return Ok(answer.into_body());
        }
        if answer.status() == StatusCode::UNAUTHORIZED || answer.status() == StatusCode::FORBIDDEN {
            self.auth.forget();
        }
        Err(refusal(&self.endpoint, &answer))
    }
}

/// The statuses that the protocol names as worth another try.
fn refusal(endpoint: &Uri, answer: &Response<Bytes>) -> Refusal {
    let again = match answer.status() {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => match retry_after(answer.headers()) {
            Some(time) => Again::After(time),
            None => Again::Later,
        },
        _ => Again::Never,
    };
    let mut reason = format!("{endpoint} answers {}", answer.status());
    let said = message(answer);
    if !said.is_empty() {
        reason = format!("{reason}: {said}");
    }
    Refusal::new(again, reason)
}

/// Seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

fn message(answer: &Response<Bytes>) -> String {
    if answer.headers().get(CONTENT_TYPE) == Some(&PROTOBUF)
        && let Ok(status) = Status::decode(&**answer.body())
    {
        return excerpt(status.message.as_bytes());
    }
    excerpt(answer.body())
}

/// `google.rpc.Status`, as far as it is of use here.
#[derive(prost::Message)]
pub(super) struct Status {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Any>,
}

/// `google.protobuf.Any`
#[derive(prost::Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) value: Bytes,
}
