//! Receivers behind TLS: whom the exporter trusts, and what it shows of itself.

use super::otlp::{assert_is_the_span, decode, unframe};
use super::receiver::{Receiver, Version};
use super::{send, settings};
use opentelemetry_sdk::trace::SpanData;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use std::{path::PathBuf, sync::Arc};
use tokio_rustls::TlsAcceptor;

pub(super) fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/exporters/tls")
        .join(name)
}

/// A secure receiver, which may ask its senders for a certificate.
fn secure(version: Version, asks: bool) -> Receiver {
    let chain = CertificateDer::pem_file_iter(file("receiver.pem")).unwrap();
    let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(file("receiver.key")).unwrap();
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = if asks {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(file("ca.pem")).unwrap())
            .unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![match version {
        Version::Http1 => b"http/1.1".to_vec(),
        Version::Http2 => b"h2".to_vec(),
    }];
    Receiver::start(version, Some(TlsAcceptor::from(Arc::new(config))), [])
}

#[test]
fn a_secure_receiver_is_trusted_by_its_authority_and_trusts_by_certificate() {
    let authority = file("ca.pem").display().to_string();
    let (chain, key) = (file("sender.pem"), file("sender.key"));
    let (chain, key) = (chain.display().to_string(), key.display().to_string());
    for (version, protocol) in [(Version::Http1, "http/protobuf"), (Version::Http2, "grpc")] {
        let receiver = secure(version, true);
        let endpoint = format!("https://localhost:{}", receiver.addr.port());
        let mut variables = vec![
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", &authority),
        ];
        assert_eq!(
            send(&settings(&variables), [7]).total().failed,
            1,
            "{protocol}"
        );
        assert!(
            receiver.rest().is_empty(),
            "{protocol}: who we are is asked for"
        );
        variables.push(("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &chain));
        variables.push(("OTEL_EXPORTER_OTLP_CLIENT_KEY", &key));
        send(&settings(&variables), [7]);
        let got = receiver.next();
        let body = match version {
            Version::Http1 => got.body.clone(),
            Version::Http2 => unframe(&got),
        };
        assert_is_the_span(&decode(&body));
    }
}

#[test]
fn a_receiver_that_nobody_vouches_for_gets_nothing() {
    let receiver = secure(Version::Http1, false);
    let endpoint = format!("https://localhost:{}", receiver.addr.port());
    // Another authority than its own.
    let other = file("sender.pem").display().to_string();
    let settings = settings(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", &other),
    ]);
    assert_eq!(send(&settings, [7]).total().failed, 1);
    assert!(receiver.rest().is_empty());
}

#[test]
fn files_that_are_no_certificates_are_named_at_start_up() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost:1");
    for wrong in [file("receiver.key"), file("missing.pem")] {
        let path = wrong.display().to_string();
        let settings = settings(&[endpoint, ("OTEL_EXPORTER_OTLP_CERTIFICATE", &path)]);
        let error = settings.start::<SpanData>().unwrap_err();
        assert!(error.to_string().starts_with(&path), "{error}");
    }
}
