//! HTTP over TCP or TLS for what the exporters ask and send: answers are read
//! whole, and bounded.

use super::{Error, otlp::Tls};
use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{path::Path, sync::Arc, time::Duration};

/// No answer to an export or to a request for a token is larger.
const MAX_ANSWER: usize = 4 << 20;
const CONNECT: Duration = Duration::from_secs(5);
/// A connection that nothing was sent on for so long is not used again.
const IDLE: Duration = Duration::from_secs(60);

pub(super) type Connector = HttpsConnector<HttpConnector>;

/// Requests with whole bodies, over HTTP/1.1.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pool: Pool<Connector, Full<Bytes>>,
}

impl Client {
    pub(super) fn new(tls: Option<&Tls>) -> Result<Self, Error> {
        let pool = Pool::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector(tls, false)?);
        Ok(Self { pool })
    }

    /// Sends, and reads the answer. The time that it may take is the caller's to
    /// watch.
    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        let answer = self.pool.request(request.map(Full::new)).await;
        let (head, body) = answer.map_err(|error| chain(&error))?.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        let body = body.map_err(|error| chain(&*error))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    /// The body of a success; else what was asked, and what came.
    pub(super) async fn fetch(&self, request: Request<Bytes>) -> Result<Bytes, String> {
        let url = request.uri().clone();
        let answer = self.send(request).await;
        let answer = answer.map_err(|error| format!("{}: {error}", shown(&url)))?;
        if answer.status().is_success() {
            return Ok(answer.into_body());
        }
        let (status, body) = (answer.status(), excerpt(answer.body()));
        Err(format!("{} answers {status}: {body}", shown(&url)))
    }
}

/// Connections to plain and, given `tls`, to secure servers.
pub(super) fn connector(tls: Option<&Tls>, http2: bool) -> Result<Connector, Error> {
    let mut plain = HttpConnector::new();
    plain.enforce_http(false);
    plain.set_connect_timeout(Some(CONNECT));
    plain.set_nodelay(true);
    let builder = HttpsConnectorBuilder::new()
        .with_tls_config(config(tls)?)
        .https_or_http();
    Ok(if http2 {
        builder.enable_http2().wrap_connector(plain)
    } else {
        builder.enable_http1().wrap_connector(plain)
    })
}

fn config(tls: Option<&Tls>) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::Tls)?;
    let Some(tls) = tls else {
        // No secure server is spoken to: none is trusted.
        let nobody = builder.with_root_certificates(RootCertStore::empty());
        return Ok(nobody.with_no_client_auth());
    };
    let builder = match &tls.authorities {
        Some(path) => builder.with_root_certificates(authorities(path)?),
        None => builder.with_native_roots().map_err(Error::NoRoots)?,
    };
    let Some((chain, key)) = &tls.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let certificates = certificates(chain)?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| Error::file(key, error))?;
    builder
        .with_client_auth_cert(certificates, private)
        .map_err(|error| Error::file(key, error))
}

fn authorities(path: &Path) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|error| Error::file(path, error))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let found: Vec<_> = found.map_err(|error| Error::file(path, error))?;
    if found.is_empty() {
        return Err(Error::file(path, "it has no certificate in PEM form"));
    }
    Ok(found)
}

/// An error with its causes: the outermost alone often says nothing.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_text = next.to_string();
        if !text.contains(&next_text) {
            text = format!("{text}: {next_text}");
        }
        cause = next.source();
    }
    text
}

/// The start of a body, for a message.
pub(super) fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(300)]);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A URL without what may be secret in it.
fn shown(url: &Uri) -> String {
    let (scheme, host) = (
        url.scheme_str().unwrap_or("http"),
        url.host().unwrap_or("?"),
    );
    let port = url.port_u16().map(|port| format!(":{port}"));
    format!(
        "{scheme}://{host}{}{}",
        port.unwrap_or_default(),
        url.path()
    )
}
