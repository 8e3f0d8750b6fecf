//! Cross-origin requests.

use super::{Pair, pair};
use trestle::gateway::Settings;

const APP: &str = "Origin: https://app.example";
const WANTS: &str = "Access-Control-Request-Method: POST";

async fn with_origins(credentials: bool) -> Pair {
    let mut settings = Settings::default();
    settings.cors.origins = vec!["https://app.example".parse().unwrap()];
    settings.cors.credentials = credentials;
    settings.forward_headers = vec!["x-tenant".parse().unwrap()];
    pair(settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_tells_methods_and_headers_of_the_path() {
    let pair = with_origins(true).await;
    let asks = "Access-Control-Request-Headers: content-type, x-evil, grpc-metadata-foo, X-Tenant, \
                cookie, traceparent, grpc-metadata-te, @";
    let answer = pair.get("OPTIONS /v1/echo", &[APP, WANTS, asks]).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    for (name, value) in [
        ("access-control-allow-origin", "https://app.example"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "OPTIONS, POST"),
        (
            "access-control-allow-headers",
            "content-type, grpc-metadata-foo, X-Tenant, traceparent",
        ),
        ("access-control-max-age", "7200"),
        (
            "vary",
            "origin, access-control-request-method, access-control-request-headers",
        ),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert_eq!(answer.header("access-control-expose-headers"), None);
    assert!(pair.backend.seen().is_empty(), "a preflight is no call");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_may_be_read_by_a_listed_origin() {
    let pair = with_origins(false).await;
    let script = "Grpc-Metadata-Script: headers foo=bar";
    let answer = pair.get("/v1/query", &[APP, script]).await;
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://app.example")
    );
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(
        answer.header("access-control-expose-headers"),
        Some("grpc-metadata-foo, x-request-id")
    );
    assert_eq!(answer.header("vary"), Some("origin"));
    let error = pair.get("/v1/nowhere", &[APP]).await;
    assert_eq!(error.status, 404);
    assert_eq!(
        error.header("access-control-allow-origin"),
        Some("https://app.example"),
        "a script may read its error"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_origin_is_ever_named() {
    let pair = with_origins(true).await;
    for origin in [
        "Origin: https://evil.example",
        "Origin: https://app.example.evil.example",
        "Origin: http://app.example",
        "Origin: https://app.example:8443",
        "Origin: null",
        "Origin: *",
        "X-None: 1",
        "Origin: https://app.example\r\nOrigin: https://evil.example",
    ] {
        for target in ["/v1/query", "OPTIONS /v1/echo"] {
            let answer = pair.get(target, &[origin, WANTS]).await;
            let given: Vec<_> = answer
                .headers
                .iter()
                .filter(|(name, _)| name.starts_with("access-control"))
                .collect();
            assert!(given.is_empty(), "{origin}: {given:?}");
            assert!(answer.header("vary").unwrap().starts_with("origin"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_origins_nothing_is_said() {
    let pair = pair(Settings::default()).await;
    let answer = pair.get("/v1/query", &[APP]).await;
    assert_eq!(answer.header("vary"), None);
    let answer = pair.get("OPTIONS /v1/echo", &[APP, WANTS]).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (204, Some("OPTIONS, POST"))
    );
    assert_eq!(answer.header("access-control-allow-methods"), None);
}
