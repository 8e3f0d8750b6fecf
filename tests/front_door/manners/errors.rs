//! How errors are spelt, and what stands beside them.

use super::pair;
use serde_json::json;
use trestle::gateway::Settings;

/// A call whose backend ends it with these trailers.
fn script(trailers: &str) -> String {
    format!("Grpc-Metadata-Script: trailers {trailers}")
}

/// A `google.rpc.Status` of code 14 with one detail, as `grpc-status-details-bin`.
fn details(type_url: &str, value: &[u8]) -> String {
    let field = |tag: u8, bytes: &[u8]| [&[tag, bytes.len() as u8], bytes].concat();
    let any = [field(0x0a, type_url.as_bytes()), field(0x12, value)].concat();
    let status = [vec![8, 14], field(0x1a, &any)].concat();
    trestle::upstream::encode_binary(&status).replace('+', "%2B")
}

const BOTH: &str = "Accept: application/json, application/problem+json";

#[tokio::test(flavor = "multi_thread")]
async fn problem_details_are_given_to_those_who_ask() {
    let pair = pair(Settings::default()).await;
    let answer = pair.get("/v1/query?nowhere=1", &[BOTH]).await;
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let problem = answer.json();
    assert_eq!(
        (&problem["type"], &problem["title"], &problem["status"]),
        (&json!("about:blank"), &json!("Bad Request"), &json!(400))
    );
    assert_eq!(problem["code"], 3);
    assert_eq!(
        problem["details"][0]["fieldViolations"][0]["field"],
        "nowhere"
    );
    assert!(problem["detail"].as_str().unwrap().contains("nowhere"));

    let answer = pair
        .get("/v1/query", &[BOTH, &script("1 grpc-message=gone")])
        .await;
    assert_eq!(
        (answer.status, answer.json()),
        (
            499,
            json!({
                "type": "about:blank", "title": "Client Closed Request", "status": 499,
                "detail": "gone", "code": 1, "details": [],
            })
        )
    );
    let answer = pair.get("/v1/query?i32=7", &[BOTH]).await;
    assert_eq!(
        (answer.header("content-type"), answer.json()),
        (Some("application/json"), json!({ "i32": 7 }))
    );
    let answer = pair.get("/v1/nowhere", &["Accept: */*"]).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("vary"), Some("accept"));
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_info_becomes_retry_after_rounded_up() {
    let pair = pair(Settings::default()).await;
    let retry = "type.googleapis.com/google.rpc.RetryInfo";
    // RetryInfo.retry_delay in seconds (field 1) and nanoseconds (field 2).
    for (url, value, expected) in [
        (retry, &[10, 2, 8, 30][..], Some("30")),
        (retry, &[10, 4, 8, 1, 16, 1], Some("2")),
        (retry, &[10, 2, 16, 1], Some("1")),
        (retry, &[10, 0], Some("0")),
        (retry, &[], None),
        (retry, &[10, 9], None),
        (
            retry,
            &[10, 11, 8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
            None,
        ),
        ("type.googleapis.com/x.Y", &[10, 2, 8, 30], None),
        ("google.rpc.RetryInfo", &[10, 2, 8, 30], None),
    ] {
        let details = details(url, value);
        let script = script(&format!("14 grpc-status-details-bin={details}"));
        let answer = pair.get("/v1/query", &[&script]).await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.header("retry-after"), expected, "{url} {value:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_401_has_a_challenge_and_never_the_message() {
    let pair = pair(Settings::default()).await;
    let plain = script("16 grpc-message=secret");
    let answer = pair.get("/v1/query", &[&plain]).await;
    assert_eq!(
        (answer.status, answer.header("www-authenticate")),
        (401, Some("Bearer"))
    );
    let own = script("16 www-authenticate=Basic%20realm=%22a%22");
    let answer = pair.get("/v1/query", &[&own]).await;
    assert_eq!(
        answer.header("www-authenticate"),
        Some(r#"Basic realm="a""#)
    );
    assert_eq!(answer.header("grpc-metadata-www-authenticate"), None);
    let other = script("7 www-authenticate=Basic");
    let answer = pair.get("/v1/query", &[&other]).await;
    assert_eq!(
        (answer.status, answer.header("www-authenticate")),
        (403, None)
    );
}
