//! Request ids and trace ids.

use super::pair;
use trestle::gateway::Settings;

const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";

#[tokio::test(flavor = "multi_thread")]
async fn a_valid_request_id_goes_up_and_comes_back() {
    let pair = pair(Settings::default()).await;
    let answer = pair.get("/v1/query", &["X-Request-Id: r-1"]).await;
    assert_eq!(answer.header("x-request-id"), Some("r-1"));
    assert_eq!(pair.seen().headers["x-request-id"], "r-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_request_id_is_replaced_by_a_fresh_one() {
    let pair = pair(Settings::default()).await;
    let mut fresh = Vec::new();
    let long = format!("X-Request-Id: {}", "a".repeat(129));
    for headers in [
        &[][..],
        &["X-Request-Id: a b"],
        &["X-Request-Id: a", "X-Request-Id: b"],
        &["Grpc-Metadata-X-Request-Id: r-1"],
        &[long.as_str()],
    ] {
        let answer = pair.get("/v1/query", headers).await;
        let id = answer.header("x-request-id").unwrap().to_owned();
        assert!(
            id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{id}"
        );
        let seen = pair.seen().headers;
        let ids: Vec<_> = seen.get_all("x-request-id").iter().collect();
        assert_eq!(ids, [&id], "{headers:?}");
        fresh.push(id);
    }
    fresh.sort();
    fresh.dedup();
    assert_eq!(fresh.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_carry_both_ids() {
    let pair = pair(Settings::default()).await;
    let trace = format!("traceparent: 00-{TRACE_ID}-b7ad6b7169203331-01");
    for target in [
        "/v1/nowhere",
        "DELETE /v1/echo",
        "/v1/query?x=1",
        "OPTIONS /v1/echo",
        "HEAD /v1/query",
    ] {
        let answer = pair.get(target, &["X-Request-Id: r-1", &trace]).await;
        assert_eq!(answer.header("x-request-id"), Some("r-1"), "{target}");
        assert_eq!(answer.header("x-trace-id"), Some(TRACE_ID), "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_id_is_that_of_the_trace_that_goes_up() {
    let pair = pair(Settings::default()).await;
    let answer = pair.get("/v1/query", &[]).await;
    assert_eq!(answer.header("x-trace-id"), None, "no trace, no id");
    // Not sampled, and no ids: a new trace that says so.
    let answer = pair.get("/v1/query", &["b3: 0"]).await;
    let sent = pair.seen().headers["traceparent"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(answer.header("x-trace-id"), sent.split('-').nth(1));
}
