//! Which headers become metadata, and what of the trace goes upstream.

use crate::backend::Backend;
use crate::start;
use trestle::gateway::Settings;

const TRACE: &str = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async fn upstream_headers(settings: Settings, headers: &[&str]) -> http::HeaderMap {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), settings).await;
    let answer = gateway.post("/v1/echo", headers, "{}").await;
    assert_eq!(
        answer.status,
        200,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    backend.seen().pop().unwrap().headers
}

#[tokio::test(flavor = "multi_thread")]
async fn only_allowed_headers_become_metadata() {
    let mut settings = Settings::default();
    settings.forward_headers = vec!["x-tenant".parse().unwrap(), "host".parse().unwrap()];
    let seen = upstream_headers(
        settings,
        &[
            "Authorization: Bearer t",
            "X-Request-Id: r-1",
            "X-Tenant: one",
            "X-Tenant: two",
            "Grpc-Metadata-Foo: bar",
            "GRPC-METADATA-Data-Bin: -_8",
            "Cookie: c",
            "X-Evil: e",
            "Grpc-Metadata-Some_Name: x",
            "Grpc-Metadata-Accent: caf\u{e9}",
            "Grpc-Metadata-Grpc-Timeout: 1H",
            "Grpc-Metadata-Te: x",
            "Grpc-Metadata-Content-Type: x",
            "Grpc-Metadata-Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "Grpc-Metadata-B3: 0",
            "Grpc-Metadata-Host: x",
            "Grpc-Metadata-: x",
            "X-Forwarded-For: 1.2.3.4",
            "Grpc-Status: 0",
        ],
    )
    .await;
    let get = |name: &str| {
        seen.get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(get("authorization"), ["Bearer t"]);
    assert_eq!(get("x-request-id"), ["r-1"]);
    assert_eq!(get("x-tenant"), ["one", "two"]);
    assert_eq!(get("foo"), ["bar"]);
    assert_eq!(
        get("data-bin"),
        ["+/8"],
        "any base64 in, standard without padding out"
    );
    assert_eq!(get("te"), ["trailers"]);
    assert_eq!(get("content-type"), ["application/grpc"]);
    let mut names: Vec<&str> = seen.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "authorization",
            "content-type",
            "data-bin",
            "foo",
            "grpc-timeout",
            "te",
            "user-agent",
            "x-request-id",
            "x-tenant",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callers_user_agent_goes_beside_ours_where_it_is_wanted() {
    let agent = "User-Agent: shop/1.0";
    let seen = upstream_headers(Settings::default(), &[agent]).await;
    assert!(!seen.contains_key("grpcgateway-user-agent"));

    let mut settings = Settings::default();
    settings.forward_headers = vec![http::header::USER_AGENT];
    let seen = upstream_headers(settings, &[agent]).await;
    assert_eq!(seen["grpcgateway-user-agent"], "shop/1.0");
    let own = seen["user-agent"].to_str().unwrap();
    assert!(
        own.starts_with("grpc-") || own.starts_with("trestle"),
        "{own}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn valid_trace_goes_upstream_in_the_configured_formats() {
    let b3 = "b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1";
    let seen = upstream_headers(Settings::default(), &[b3, TRACE]).await;
    assert_eq!(
        seen["traceparent"],
        TRACE.strip_prefix("traceparent: ").unwrap(),
        "traceparent wins over b3"
    );
    assert!(
        !seen.contains_key("b3"),
        "a foreign trace header slipped through"
    );

    let mut settings = Settings::default();
    settings.trace_formats = trestle::telemetry::propagation::Formats::from_env_value("b3,xray").0;
    let seen = upstream_headers(settings, &[TRACE]).await;
    assert_eq!(
        seen["b3"],
        "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1"
    );
    assert_eq!(
        seen["x-amzn-trace-id"],
        "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1"
    );
    assert!(!seen.contains_key("traceparent"));
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_trace_goes_nowhere() {
    for headers in [
        &["traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01"][..],
        &["traceparent: ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
        &["traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"],
        &[
            TRACE,
            "traceparent: 00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-01",
        ],
    ] {
        let seen = upstream_headers(Settings::default(), headers).await;
        assert!(!seen.contains_key("traceparent"), "{headers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tracestate_is_cut_to_what_the_specification_allows() {
    let members: Vec<String> = (0..200).map(|number| format!("k{number}=v")).collect();
    let state = format!("tracestate: {}", members.join(","));
    let seen = upstream_headers(Settings::default(), &[TRACE, &state]).await;
    if let Some(value) = seen.get("tracestate") {
        let value = value.to_str().unwrap();
        assert!(
            value.split(',').count() <= 32 && value.len() <= 512,
            "{value}"
        );
    }
    assert!(seen.contains_key("traceparent"));
}

#[tokio::test(flavor = "multi_thread")]
async fn values_too_large_for_metadata_are_dropped_and_credentials_are_not() {
    let large = "x".repeat(5000);
    let seen = upstream_headers(
        Settings::default(),
        &[
            &format!("Grpc-Metadata-Large: {large}"),
            &format!("Grpc-Metadata-Fits: {}", &large[..4096]),
            &format!("Authorization: Bearer {large}"),
        ],
    )
    .await;
    assert!(!seen.contains_key("large"));
    assert_eq!(seen["fits"].len(), 4096);
    assert_eq!(seen["authorization"].len(), 5007);
}
