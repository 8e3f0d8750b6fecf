//! Protobuf bodies and replies.

use super::{Pair, pair};
use crate::raw::Answer;
use serde_json::json;
use trestle::gateway::Settings;

const ACCEPT: &str = "Accept: application/x-protobuf";
const SENDS: &str = "Content-Type: application/x-protobuf";
/// `{"i32":7}`: field 1, a varint.
const SEVEN: &str = "\x08\x07";

async fn post(pair: &Pair, target: &str, headers: &[&str], body: &str) -> Answer {
    pair.gateway.post(target, headers, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_and_replies_are_protobuf_each_by_its_header() {
    let pair = pair(Settings::default()).await;
    for (headers, body, kind, expected) in [
        (&[SENDS, ACCEPT][..], SEVEN, "application/x-protobuf", SEVEN),
        // In kind, when any answer is welcome.
        (&[SENDS], SEVEN, "application/x-protobuf", SEVEN),
        (
            &[SENDS, "Accept: */*"],
            SEVEN,
            "application/x-protobuf",
            SEVEN,
        ),
        (&[SENDS], "", "application/x-protobuf", ""),
        (
            &["Content-Type: application/protobuf"],
            SEVEN,
            "application/protobuf",
            SEVEN,
        ),
        (
            &["Content-Type: Application/X-Google-Protobuf; x=y"],
            SEVEN,
            "application/x-google-protobuf",
            SEVEN,
        ),
        (
            &[SENDS, "Accept: application/json"],
            SEVEN,
            "application/json",
            r#"{"i32":7}"#,
        ),
        (&[ACCEPT], r#"{"i32":7}"#, "application/x-protobuf", SEVEN),
        (
            &["Accept: application/json, application/protobuf"],
            r#"{"i32":7}"#,
            "application/json",
            r#"{"i32":7}"#,
        ),
        (
            &["Accept: application/json;q=0.5, application/protobuf"],
            r#"{"i32":7}"#,
            "application/protobuf",
            SEVEN,
        ),
        (
            &["Accept: application/x-protobuf, */*"],
            r#"{"i32":7}"#,
            "application/x-protobuf",
            SEVEN,
        ),
        (
            &["Accept: */*"],
            r#"{"i32":7}"#,
            "application/json",
            r#"{"i32":7}"#,
        ),
    ] {
        let answer = post(&pair, "/v1/echo", headers, body).await;
        assert_eq!(
            (answer.status, answer.header("content-type"), &*answer.body),
            (200, Some(kind), expected.as_bytes()),
            "{headers:?}"
        );
    }
    let answer = pair.get("/v1/query?i32=7", &[ACCEPT]).await;
    assert_eq!(answer.body, SEVEN.as_bytes(), "a query still binds");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_path_still_wins_and_no_body_can_swallow_it() {
    let pair = pair(Settings::default()).await;
    let put = |body: &'static str| {
        let request = format!(
            "PUT /v1/echo/9 HTTP/1.1\r\nHost: t\r\n{SENDS}\r\nAccept: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let gateway = &pair.gateway;
        async move { gateway.send(&request).await }
    };
    let answer = put("\x08\x07\x72\x01a").await;
    assert_eq!(answer.json(), json!({ "i32": 9, "text": "a" }));
    let calls = pair.backend.seen().len();
    // A text, an unknown group, a varint and a fixed64 that are cut short; a wire
    // type that there is not; a field number of zero; an end without a start.
    for broken in [
        "\x72\x05a",
        "\x7b",
        "\x08",
        "\x41\x01",
        "\x0f",
        "\x02\x01a",
        "\x7c",
    ] {
        let answer = put(broken).await;
        assert_eq!(answer.status, 400, "{broken:?}");
        assert_eq!(answer.json()["code"], 3);
    }
    assert_eq!(
        pair.backend.seen().len(),
        calls,
        "nothing broken was sent on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_protobuf_for_those_who_take_it() {
    let pair = pair(Settings::default()).await;
    let script = "Grpc-Metadata-Script: trailers 5 grpc-message=no \
                  grpc-status-details-bin=CAUaBgoBYRIBYg";
    let answer = pair.get("/v1/query", &[ACCEPT, script]).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (404, Some("application/x-protobuf"))
    );
    // Code 5, message "no", and the backend's own detail, byte for byte.
    assert_eq!(answer.body, b"\x08\x05\x12\x02no\x1a\x06\x0a\x01a\x12\x01b");

    let answer = pair.get("/v1/query?nowhere=1", &[ACCEPT]).await;
    assert_eq!(answer.status, 400);
    let text = String::from_utf8_lossy(&answer.body);
    assert!(text.starts_with("\x08\x03\x12"), "{text}");
    assert!(text.contains("type.googleapis.com/google.rpc.BadRequest"));
    assert!(text.contains("\x0a\x07nowhere"), "the wrong field is named");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_has_no_protobuf_form() {
    let pair = pair(Settings::default()).await;
    let answer = post(&pair, "/v1/child", &[SENDS, "Accept: application/json"], "").await;
    let refused = answer.json();
    assert_eq!(
        (answer.status, &refused["code"]),
        (415, &3.into()),
        "{refused}"
    );
    assert_eq!(answer.header("accept-post"), Some("application/json"));
}
