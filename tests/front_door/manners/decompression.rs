//! Compressed request bodies: taken, limited, and refused where they are damaged.

use super::{Pair, pair};
use crate::raw::{self, Answer};
use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, ZstdEncoder};
use async_compression::zstd::CParameter;
use tokio::io::AsyncWriteExt as _;
use trestle::gateway::Settings;

async fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzipEncoder::new(Vec::new());
    encoder.write_all(data).await.unwrap();
    encoder.shutdown().await.unwrap();
    encoder.into_inner()
}

async fn brotli(data: &[u8]) -> Vec<u8> {
    let mut encoder = BrotliEncoder::new(Vec::new());
    encoder.write_all(data).await.unwrap();
    encoder.shutdown().await.unwrap();
    encoder.into_inner()
}

async fn zstd(data: &[u8]) -> Vec<u8> {
    zstd_with(data, &[]).await
}

async fn zstd_with(data: &[u8], parameters: &[CParameter]) -> Vec<u8> {
    let level = async_compression::Level::Default;
    let mut encoder = ZstdEncoder::with_quality_and_params(Vec::new(), level, parameters);
    encoder.write_all(data).await.unwrap();
    encoder.shutdown().await.unwrap();
    encoder.into_inner()
}

impl Pair {
    async fn send(&self, path: &str, encoding: &str, body: &[u8]) -> Answer {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: t\r\nContent-Encoding: {encoding}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        raw::send(self.gateway.address, &[head.as_bytes(), body].concat()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_decoded_whatever_they_are_for() {
    let pair = pair(Settings::default()).await;
    let json = br#"{"text":"hello"}"#;
    for (encoding, body) in [
        ("gzip", gzip(json).await),
        ("x-gzip", gzip(json).await),
        ("GZip", gzip(json).await),
        ("br", brotli(json).await),
        ("zstd", zstd(json).await),
        (
            "zstd",
            [zstd(&json[..5]).await, zstd(&json[5..]).await].concat(),
        ),
        ("identity", json.to_vec()),
        (
            "gzip",
            [gzip(&json[..5]).await, gzip(&json[5..]).await].concat(),
        ),
    ] {
        let answer = pair.send("/v1/echo", encoding, &body).await;
        assert_eq!(
            answer.status,
            200,
            "{encoding}: {}",
            String::from_utf8_lossy(&answer.body)
        );
        assert_eq!(answer.json()["text"], "hello", "{encoding}");
        let answer = pair.send("/v1/raw", encoding, &body).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (200, &json[..]),
            "{encoding}"
        );
        let answer = pair.send("/v1/upload", encoding, &body).await;
        assert_eq!(answer.json()["text"], "hello", "{encoding}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn encodings_that_are_not_known_are_refused_with_those_that_are() {
    let pair = pair(Settings::default()).await;
    for encoding in ["compress", "gzip, br", "gzip;q=1", "\"gzip\"", "zstd2"] {
        let answer = pair.send("/v1/echo", encoding, b"{}").await;
        assert_eq!(answer.status, 415, "{encoding}");
        assert_eq!(answer.header("accept-encoding"), Some("br, gzip, zstd"));
        assert!(
            answer.json()["message"]
                .as_str()
                .unwrap()
                .contains("br, gzip, zstd")
        );
    }
    let twice = "gzip\r\nContent-Encoding: gzip";
    assert_eq!(pair.send("/v1/echo", twice, b"{}").await.status, 415);
    assert!(pair.backend.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_encodings_are_bad_requests() {
    let pair = pair(Settings::default()).await;
    let json = br#"{"text":"hello"}"#;
    let (gzip, br, zstd) = (gzip(json).await, brotli(json).await, zstd(json).await);
    let mut wrong = gzip.clone();
    let checksum = wrong.len() - 8;
    wrong[checksum] ^= 1;
    for (encoding, body) in [
        ("gzip", &json[..]),
        ("gzip", &gzip[..gzip.len() - 1]),
        ("gzip", &gzip[..gzip.len() / 2]),
        ("gzip", &[&gzip[..], b"x"].concat()),
        ("gzip", &wrong),
        ("br", &br[..br.len() - 1]),
        ("br", &[&br[..], b"x"].concat()),
        ("zstd", &json[..]),
        ("zstd", &zstd[..zstd.len() - 1]),
        ("zstd", &[&zstd[..], b"x"].concat()),
    ] {
        let answer = pair.send("/v1/echo", encoding, body).await;
        assert_eq!(answer.status, 400, "{encoding} {body:?}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(&format!("`{encoding}`")), "{message}");
    }
    assert!(pair.backend.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_out_is_limited_like_what_comes_plain() {
    let mut settings = Settings::default();
    settings.route.max_body = 64 << 10;
    let pair = pair(settings).await;
    let text = |length: usize| format!(r#"{{"text":"{}"}}"#, "a".repeat(length)).into_bytes();
    for (encoding, small, large) in [
        (
            "gzip",
            gzip(&text(60_000)).await,
            gzip(&text(1 << 20)).await,
        ),
        (
            "br",
            brotli(&text(60_000)).await,
            brotli(&text(1 << 20)).await,
        ),
        (
            "zstd",
            zstd(&text(60_000)).await,
            zstd(&text(1 << 20)).await,
        ),
    ] {
        assert!(large.len() < 64 << 10, "{encoding}: {}", large.len());
        assert_eq!(pair.send("/v1/echo", encoding, &small).await.status, 200);
        let answer = pair.send("/v1/echo", encoding, &large).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (413, &8.into()),
            "{encoding}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_may_be_large_but_not_a_bomb() {
    let mut settings = Settings::default();
    settings.route.max_body = 64 << 10;
    let pair = pair(settings).await;
    let bomb = gzip(&vec![0; 1 << 20]).await;
    let answer = pair.send("/v1/documents/d/parts", "gzip", &bomb).await;
    assert_eq!(answer.status, 400);
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("100 times"), "{message}");

    // Every line differs, as those of a real file do.
    let lines: String = (0..50_000)
        .map(|number| format!("{}\n", number * 7919))
        .collect();
    let answer = pair
        .send(
            "/v1/documents/d/parts",
            "gzip",
            &gzip(lines.as_bytes()).await,
        )
        .await;
    // The backend's echo of more than one message is none.
    assert_eq!(answer.status, 500);
    assert!(pair.seen().frames.len() > lines.len());
}

/// RFC 9659: a content coding may use a window of 8 MiB and no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_too_large_is_refused() {
    let pair = pair(Settings::default()).await;
    let json = format!(r#"{{"text":"{}"}}"#, "a".repeat(100 << 10)).into_bytes();
    for (window, status) in [(23, 200), (24, 400)] {
        let body = zstd_with(&json, &[CParameter::window_log(window)]).await;
        let answer = pair.send("/v1/echo", "zstd", &body).await;
        assert_eq!(answer.status, status, "{window}");
    }
}
