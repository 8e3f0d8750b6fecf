//! Compressed responses.

use super::{Pair, pair};
use crate::raw::Answer;
use trestle::gateway::Settings;

async fn compressing() -> Pair {
    let mut settings = Settings::default();
    settings.compress = true;
    settings.etags = true;
    pair(settings).await
}

async fn echo(pair: &Pair, length: usize, encodings: &[&str]) -> Answer {
    // Closing is how the end of a chunked answer is told here.
    let target = format!("/v1/query?text={}", "a".repeat(length));
    let mut headers = vec!["Connection: close"];
    headers.extend(encodings);
    pair.get(&target, &headers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn large_answers_are_compressed_as_the_caller_allows() {
    let pair = compressing().await;
    for (encodings, expected) in [
        (&["Accept-Encoding: gzip"][..], Some("gzip")),
        (&["Accept-Encoding: br"], Some("br")),
        (&["Accept-Encoding: zstd"], Some("zstd")),
        (&["Accept-Encoding: zstd;q=1, gzip;q=0.5"], Some("zstd")),
        (&["Accept-Encoding: gzip;q=0"], None),
        (&["Accept-Encoding: compress"], None),
        (&["Accept-Encoding: identity"], None),
        (&[], None),
    ] {
        let answer = echo(&pair, 4000, encodings).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-encoding"), expected, "{encodings:?}");
        let varies = answer
            .headers
            .iter()
            .any(|(name, value)| name == "vary" && value == "accept-encoding");
        assert!(varies, "{encodings:?}: {:?}", answer.headers);
        let tag = answer.header("etag").unwrap();
        assert_eq!(tag.starts_with("W/"), expected.is_some(), "{tag}");
        let length = answer.header("content-length");
        assert_eq!(length.is_some(), expected.is_none(), "{encodings:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn small_answers_stay_as_they_are() {
    let pair = compressing().await;
    // `{"text":"…"}` is 11 bytes and the text.
    for (length, expected) in [(1012, None), (1013, Some("gzip"))] {
        let answer = echo(&pair, length, &["Accept-Encoding: gzip"]).await;
        assert_eq!(answer.header("content-encoding"), expected, "{length}");
    }
    let weak = echo(&pair, 4000, &["Accept-Encoding: gzip"]).await;
    let known = format!("If-None-Match: {}", weak.header("etag").unwrap());
    let answer = echo(&pair, 4000, &["Accept-Encoding: gzip", &known]).await;
    assert_eq!(
        (answer.status, answer.header("content-encoding")),
        (304, None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn compression_is_off_by_default() {
    let pair = pair(Settings::default()).await;
    let answer = echo(&pair, 4000, &["Accept-Encoding: gzip"]).await;
    assert_eq!(answer.header("content-encoding"), None);
    assert_eq!(answer.header("vary"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_compressed_already_stays_as_it_is() {
    let pair = compressing().await;
    let body = "a".repeat(4000);
    for (media, expected) in [
        ("text/csv", Some("gzip")),
        ("image/svg+xml", Some("gzip")),
        ("application/x-protobuf", Some("gzip")),
        ("image/png", None),
        ("Video/MP4; codecs=avc1", None),
        ("application/zip", None),
        ("application/octet-stream", None),
    ] {
        let headers = [
            &*format!("Content-Type: {media}"),
            "Accept-Encoding: gzip",
            "Connection: close",
        ];
        let answer = pair.gateway.post("/v1/raw", &headers, &body).await;
        assert_eq!(answer.status, 200, "{media}");
        assert_eq!(answer.header("content-encoding"), expected, "{media}");
        let tag = answer.header("etag");
        assert_eq!(tag, None, "only GET has one");
    }
}
