//! Entity tags.

use super::pair;
use trestle::gateway::Settings;

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_is_known_is_not_sent_again() {
    let mut settings = Settings::default();
    settings.etags = true;
    let pair = pair(settings).await;
    let first = pair.get("/v1/query?i32=7", &[]).await;
    let tag = first.header("etag").unwrap().to_owned();
    assert!(
        tag.len() == 34 && tag.starts_with('"') && tag.ends_with('"'),
        "{tag}"
    );
    assert_eq!(first.header("vary"), Some("accept"));
    for (header, status) in [
        (format!("If-None-Match: {tag}"), 304),
        (format!("If-None-Match: \"x\", W/{tag}"), 304),
        (format!("If-None-Match: \"x\"\r\nIf-None-Match:{tag}"), 304),
        ("If-None-Match: *".to_owned(), 304),
        ("If-None-Match: \"x\"".to_owned(), 200),
        (format!("If-None-Match: {}", tag.trim_matches('"')), 200),
        (
            format!("If-None-Match: {tag}\r\nAccept: application/x-protobuf"),
            200,
        ),
        (
            format!("If-None-Match: {tag}\r\nGrpc-Metadata-Script: headers x-http-code=202"),
            202,
        ),
    ] {
        let answer = pair.get("/v1/query?i32=7", &[&header]).await;
        assert_eq!(answer.status, status, "{header}");
        assert_eq!(answer.body.is_empty(), status == 304, "{header}");
        let kind = answer.header("content-type");
        assert_eq!(kind.is_none(), status == 304, "{header}");
        if status == 304 {
            assert_eq!(answer.header("etag"), Some(&*tag), "{header}");
        }
    }
    let head = pair.get("HEAD /v1/query?i32=7", &[]).await;
    assert_eq!(
        (head.header("etag"), head.header("content-length")),
        (Some(&*tag), Some("9"))
    );
    let other = pair.get("/v1/query?i32=8", &[]).await;
    assert_ne!(other.header("etag"), Some(&*tag));
    let post = pair
        .gateway
        .post("/v1/echo", &["If-None-Match: *"], r#"{"i32":7}"#)
        .await;
    assert_eq!((post.status, post.header("etag")), (200, None));
    let error = pair.get("/v1/nowhere", &["If-None-Match: *"]).await;
    assert_eq!((error.status, error.header("etag")), (404, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_off_by_default() {
    let pair = pair(Settings::default()).await;
    let answer = pair.get("/v1/query", &["If-None-Match: *"]).await;
    assert_eq!((answer.status, answer.header("etag")), (200, None));
}
