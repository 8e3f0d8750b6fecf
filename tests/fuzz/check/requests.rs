//! Any request to a gateway before a backend that echoes: answered with an echo or
//! with a fault of the client, always as JSON, never as a fault of the gateway.

use super::{assert_json, protos};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use std::convert::Infallible;
use std::sync::LazyLock;
use tokio::runtime::Runtime;
use tower::{ServiceExt as _, service_fn};
use trestle::gateway::Gateway;
use trestle::upstream::{Settings, Upstream};

/// Answers to faults of the client, and to methods that cannot be served.
const REFUSALS: [u16; 8] = [400, 404, 405, 413, 414, 415, 431, 501];

/// Rules whose reply is one field, which cannot be sent back as a whole message.
const PARTS: [&str; 6] = [
    "/v1/count",
    "/v1/name",
    "/v1/big",
    "/v1/child",
    "/v1/color",
    "/v1/search",
];

/// Rules whose reply is a stream: a record a line.
const STREAMS: [&str; 2] = ["/v1/watch", "/v1/chat"];

static ROUTER: LazyLock<Router> = LazyLock::new(|| {
    let pool = trestle::descriptors::from_protos(&["every.proto"], &[protos("front_door")])
        .expect("the test proto compiles");
    let backend = Upstream::service(service_fn(echo), &Settings::default());
    let mut settings = trestle::gateway::Settings::default();
    // Asked for its health, this backend would rightly be called unavailable.
    settings.health_path = None;
    let gateway = Gateway::builder(pool).settings(settings).build(backend);
    gateway.expect("its rules are right").into_router()
});

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be built")
});

/// A line with method and target, then the body.
pub(crate) fn requests(input: &[u8]) {
    let line = input
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let body = input.get(line.len() + 1..).unwrap_or_default();
    let Some((method, target)) = std::str::from_utf8(line)
        .ok()
        .and_then(|line| line.split_once(' '))
    else {
        return;
    };
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("host", "fuzz")
        .body(Body::from(Bytes::copy_from_slice(body)));
    let Ok(request) = request else {
        return;
    };
    let path = request.uri().path().to_owned();
    let (status, reply) = answer(request);
    if method == "HEAD" {
        return;
    }
    let text = String::from_utf8_lossy(&reply);
    match status {
        200 if method == "OPTIONS" && reply.is_empty() => {}
        200 if STREAMS.iter().any(|stream| path.starts_with(stream)) => {
            for line in text.lines() {
                let record: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
                let (result, error) = (record.get("result"), record.get("error"));
                assert!(result.is_some() != error.is_some(), "{text}");
                assert!(error.is_none_or(|error| error["code"] == 3), "{text}");
            }
        }
        200 => {
            assert_json(&reply);
            if !PARTS.iter().any(|part| path.starts_with(part)) && path.starts_with("/v1/") {
                let again = Request::post("/v1/echo").header("host", "fuzz");
                let again = again.body(Body::from(reply.clone()));
                let (status, echoed) = answer(again.expect("it has a legal head"));
                assert_eq!((status, String::from_utf8_lossy(&echoed)), (200, text));
            }
        }
        204 => assert!(reply.is_empty()),
        refusal => {
            assert!(REFUSALS.contains(&refusal), "{refusal}: {text}");
            let reply: serde_json::Value = serde_json::from_slice(&reply).expect("it is JSON");
            assert!(
                reply["code"].as_u64().is_some_and(|code| code > 0),
                "{text}"
            );
            assert!(
                reply["message"].as_str().is_some_and(|it| !it.is_empty()),
                "{text}"
            );
        }
    }
}

fn answer(request: Request<Body>) -> (u16, Bytes) {
    RUNTIME.block_on(async {
        let Ok(answer) = ROUTER.clone().oneshot(request).await;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("it is whole");
        (status, body.to_bytes())
    })
}

/// Sends the request's frames back, of an upload the first one only.
async fn echo(
    request: Request<tonic::body::Body>,
) -> Result<Response<tonic::body::Body>, Infallible> {
    let upload = request.uri().path().ends_with("/Upload");
    // A client stream that the gateway gives up has no end, and no answer counts.
    let frames = match request.into_body().collect().await {
        Ok(body) if upload => first_frame(body.to_bytes()),
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::new(),
    };
    let trailers = HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        HeaderValue::from_static("0"),
    )]);
    let body = Full::new(frames).with_trailers(async { Some(Ok(trailers)) });
    let mut response = Response::new(tonic::body::Body::new(body));
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/grpc"),
    );
    Ok(response)
}

/// The first length-prefixed message, or an empty one.
fn first_frame(frames: Bytes) -> Bytes {
    let Some(length) = frames.get(1..5) else {
        return Bytes::from_static(&[0; 5]);
    };
    let length = u32::from_be_bytes(length.try_into().expect("it is four bytes"));
    frames.slice(..5 + length as usize)
}
