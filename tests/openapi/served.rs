//! The document and its page as the gateway serves them.

use super::{compiled, gateway};
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use trestle::descriptors;
use trestle::gateway::{Gateway, Settings};
use trestle::openapi::Version;

fn plain() -> Gateway {
    gateway(descriptors::embedded(), Settings::default())
}

async fn ask(
    gateway: &Gateway,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header("host", "t");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let answer = gateway
        .clone()
        .into_router()
        .oneshot(request)
        .await
        .unwrap();
    let (head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (
        head.status,
        head.headers,
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

#[tokio::test]
async fn the_document_is_served_in_every_form() {
    let gateway = plain();
    let document = gateway.openapi();
    for (target, content_type, expected) in [
        (
            "/openapi.json",
            "application/json",
            document.to_json(Version::V3_1),
        ),
        (
            "/openapi.json?version=3.1",
            "application/json",
            document.to_json(Version::V3_1),
        ),
        (
            "/openapi.json?version=3.0",
            "application/json",
            document.to_json(Version::V3_0),
        ),
        (
            "/openapi.yaml",
            "application/yaml",
            document.to_yaml(Version::V3_1),
        ),
        (
            "/openapi.yaml?version=3.0",
            "application/yaml",
            document.to_yaml(Version::V3_0),
        ),
    ] {
        let (status, headers, body) = ask(&gateway, "GET", target, &[]).await;
        assert_eq!(
            (status, headers["content-type"].to_str().unwrap()),
            (StatusCode::OK, content_type)
        );
        assert_eq!(body, expected, "{target}");
        let (status, head, nothing) = ask(&gateway, "HEAD", target, &[]).await;
        assert_eq!((status, nothing.as_str()), (StatusCode::OK, ""));
        assert_eq!(head["content-length"], body.len().to_string());
        assert_eq!(head["etag"], headers["etag"]);
    }
}

#[tokio::test]
async fn who_has_the_document_gets_304() {
    let gateway = plain();
    let (_, headers, _) = ask(&gateway, "GET", "/openapi.json", &[]).await;
    let tag = headers["etag"].to_str().unwrap();
    let (status, headers, body) =
        ask(&gateway, "GET", "/openapi.json", &[("if-none-match", tag)]).await;
    assert_eq!((status, body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(headers["etag"], tag);
    // Another form is another thing.
    let (status, ..) = ask(
        &gateway,
        "GET",
        "/openapi.json?version=3.0",
        &[("if-none-match", tag)],
    )
    .await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn wrong_requests_are_told_what_is_right() {
    let gateway = plain();
    for (method, target, status, said) in [
        (
            "GET",
            "/openapi.json?version=2.0",
            400,
            "the versions are 3.0 and 3.1",
        ),
        ("GET", "/openapi.json?verion=3.0", 400, "version=3.0"),
        ("POST", "/openapi.json", 405, "GET, HEAD, OPTIONS"),
        ("DELETE", "/docs", 405, "GET, HEAD, OPTIONS"),
        ("GET", "/docs/", 404, ""),
        ("GET", "/docs/other.js", 404, ""),
    ] {
        let (got, _, body) = ask(&gateway, method, target, &[]).await;
        assert_eq!(got, status, "{method} {target}");
        assert!(body.contains(said), "{body}");
        let error: Value = serde_json::from_str(&body).unwrap();
        assert!(error["code"].is_i64(), "{error}");
    }
}

#[tokio::test]
async fn the_page_needs_nobody_else_and_no_inline_code() {
    let gateway = plain();
    for (target, content_type) in [
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/docs.js", "text/javascript; charset=utf-8"),
        ("/docs/docs.css", "text/css; charset=utf-8"),
    ] {
        let (status, headers, body) = ask(&gateway, "GET", target, &[]).await;
        assert_eq!(status, StatusCode::OK, "{target}");
        assert_eq!(headers["content-type"], content_type);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        for foreign in [
            "http://",
            "https://",
            " onclick",
            " style=",
            "innerHTML",
            "eval(",
        ] {
            assert!(!body.contains(foreign), "{target} has {foreign}");
        }
    }
}

#[tokio::test]
async fn both_can_be_turned_off() {
    let mut settings = Settings::default();
    settings.serve_docs = false;
    let without_page = gateway(descriptors::embedded(), settings.clone());
    settings.serve_openapi = false;
    settings.serve_docs = true;
    let without_both = gateway(descriptors::embedded(), settings);
    for (gateway, target, expected) in [
        (&without_page, "/openapi.json", 200),
        (&without_page, "/docs", 404),
        (&without_page, "/docs/docs.js", 404),
        (&without_both, "/openapi.yaml", 404),
        (&without_both, "/docs", 404),
    ] {
        assert_eq!(
            ask(gateway, "GET", target, &[]).await.0,
            expected,
            "{target}"
        );
    }
}

#[tokio::test]
async fn a_rule_on_the_path_wins() {
    let pool = compiled(
        "own_docs.proto",
        r#"syntax = "proto3"; package own.v1;
        import "google/api/annotations.proto";
        message Text { string a = 1; }
        service Own {
          rpc One(Text) returns (Text) {
            option (google.api.http) = { get: "/docs" additional_bindings { post: "/openapi.json" } };
          }
        }"#,
    );
    let gateway = gateway(pool, Settings::default());
    assert_eq!(
        ask(&gateway, "GET", "/docs?a=x", &[]).await.2,
        r#"{"a":"x"}"#
    );
    assert_eq!(ask(&gateway, "GET", "/openapi.json", &[]).await.0, 405);
    assert_eq!(ask(&gateway, "GET", "/openapi.yaml", &[]).await.0, 200);
}
