//! What a program around the gateway decides: names of headers, the form of errors.

use crate::backend::Backend;
use crate::{Running, pool, serve};
use http::{HeaderName, HeaderValue};
use trestle::gateway::{Builder, ErrorBody, Gateway, HeaderPolicy};
use trestle::upstream::{Settings, Upstream};

async fn pair(build: impl FnOnce(Builder) -> Builder) -> (Backend, Running) {
    let backend = Backend::start().await;
    let upstream = Upstream::connect_lazy(&backend.url(), Settings::default()).unwrap();
    let gateway = build(Gateway::builder(pool())).build(upstream);
    (
        backend,
        serve(gateway.unwrap_or_else(|error| panic!("{error}"))),
    )
}

struct Policy;

impl HeaderPolicy for Policy {
    fn metadata_name(&self, header: &HeaderName, usual: Option<HeaderName>) -> Option<HeaderName> {
        match header.as_str() {
            "x-api-key" => Some(HeaderName::from_static("api-key")),
            "x-evil" => Some(HeaderName::from_static("grpc-timeout")),
            "x-peer" => Some(HeaderName::from_static("x-forwarded-for")),
            "authorization" => None,
            _ => usual,
        }
    }

    fn header_name(&self, metadata: &str, usual: HeaderName) -> Option<HeaderName> {
        match metadata {
            "content-disposition" | "cache-control" => HeaderName::try_from(metadata).ok(),
            "length" => Some(http::header::CONTENT_LENGTH),
            "secret" => None,
            _ => Some(usual),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_names_headers_but_not_what_is_reserved() {
    let (backend, gateway) = pair(|builder| builder.header_policy(Policy)).await;
    let script = "Grpc-Metadata-Script: headers content-disposition=attachment cache-control=private cache-control=no-transform length=9 secret=s other=o";
    let headers = [
        "X-Api-Key: k",
        "X-Evil: 1S",
        "X-Peer: 192.0.2.1",
        "Authorization: Bearer t",
        "Connection: x-api-key-not",
        script,
    ];
    let answer = gateway.post("/v1/echo", &headers, "{}").await;
    assert_eq!((answer.status, &*answer.body), (200, &b"{}"[..]));
    let seen = backend.seen().pop().unwrap().headers;
    assert_eq!(seen["api-key"], "k");
    assert_ne!(seen["grpc-timeout"], "1S");
    assert!(!seen.contains_key("x-forwarded-for") && !seen.contains_key("authorization"));
    for (name, expected) in [
        ("content-disposition", Some("attachment")),
        ("cache-control", Some("private")),
        ("content-length", Some("2")),
        ("grpc-metadata-other", Some("o")),
        ("grpc-metadata-length", None),
        ("grpc-metadata-secret", None),
        ("grpc-metadata-cache-control", None),
    ] {
        assert_eq!(answer.header(name), expected, "{name}");
    }
    let directives = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "cache-control");
    assert_eq!(directives.count(), 2, "every value passes");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_shaped_where_the_shape_wants_it() {
    let (_backend, gateway) = pair(|builder| {
        builder.error_shape(|error| {
            let wants = error.request_headers().contains_key("x-plain");
            wants.then(|| ErrorBody {
                content_type: HeaderValue::from_static("text/plain"),
                body: format!(
                    "{} {:?} {} {}",
                    error.status(),
                    error.code(),
                    error.message(),
                    error.details()
                )
                .into(),
            })
        })
    })
    .await;
    let plain = gateway
        .post("/v1/echo", &["X-Plain: 1"], r#"{"i32":"x"}"#)
        .await;
    assert_eq!(
        (plain.status, plain.header("content-type")),
        (400, Some("text/plain"))
    );
    let text = String::from_utf8(plain.body).unwrap();
    assert!(
        text.starts_with("400 Bad Request InvalidArgument i32: "),
        "{text}"
    );
    assert!(
        text.contains(r#"[{"@type":"type.googleapis.com/google.rpc.BadRequest""#),
        "{text}"
    );

    let script = "Grpc-Metadata-Script: trailers 5 grpc-message=gone";
    let backends = gateway
        .post("/v1/echo", &["X-Plain: 1", script], "{}")
        .await;
    assert_eq!(backends.body, b"404 Not Found NotFound gone []");
    let other = gateway.post("/v1/echo", &[script], "{}").await;
    assert_eq!(
        (other.status, &other.json()["message"]),
        (404, &"gone".into())
    );
}
