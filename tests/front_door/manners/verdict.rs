//! The HTTP status that a backend chooses.

use super::pair;
use trestle::gateway::Settings;

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_chooses_among_the_statuses_of_replies() {
    let pair = pair(Settings::default()).await;
    for (metadata, status, location, has_body) in [
        (
            "x-http-code=201 location=/v1/things/7",
            201,
            Some("/v1/things/7"),
            true,
        ),
        ("x-http-code=201", 201, None, true),
        ("x-http-code=202 location=/x", 202, None, true),
        ("x-http-code=204", 204, None, false),
        ("x-http-code=205", 205, None, false),
        ("x-http-code=304", 304, None, false),
        ("x-http-code=303 location=/x", 303, Some("/x"), true),
        // Not for replies, or nothing at all.
        ("x-http-code=303", 200, None, true),
        ("x-http-code=303 location=a%20b", 200, None, true),
        ("x-http-code=404", 200, None, true),
        ("x-http-code=100", 200, None, true),
        ("x-http-code=999", 200, None, true),
        ("x-http-code=", 200, None, true),
        ("x-http-code=2e2", 200, None, true),
        ("location=/x", 200, None, true),
    ] {
        let script = format!("Grpc-Metadata-Script: headers {metadata}");
        let answer = pair.get("/v1/query?i32=7", &[&script]).await;
        assert_eq!(answer.status, status, "{metadata}");
        assert_eq!(answer.header("location"), location, "{metadata}");
        assert_eq!(!answer.body.is_empty(), has_body, "{metadata}");
        let kind = has_body.then_some("application/json");
        assert_eq!(answer.header("content-type"), kind, "{metadata}");
        for name in ["grpc-metadata-x-http-code", "grpc-metadata-location"] {
            assert_eq!(answer.header(name), None, "{metadata}");
        }
    }
    let created = "Grpc-Metadata-Script: headers x-http-code=201";
    let answer = pair.get("HEAD /v1/query?i32=7", &[created]).await;
    assert_eq!(
        (answer.status, answer.header("content-length")),
        (201, Some("9"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_keep_the_status_of_their_code() {
    let pair = pair(Settings::default()).await;
    let script = "Grpc-Metadata-Script: trailers-only 5 x-http-code=200";
    let answer = pair.get("/v1/query", &[script]).await;
    assert_eq!((answer.status, &answer.json()["code"]), (404, &5.into()));
}
