//! A backend in process that answers every call with the message of its request,
//! but for methods called `Fail`, which end in an error with details.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use prost::Message;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tonic::body::Body;

/// The service.
#[derive(Clone)]
pub struct Echo;

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// `google.rpc.ErrorInfo`.
#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
}

impl tower_service::Service<Request<Body>> for Echo {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(async move { Ok(answer(request).await) })
    }
}

async fn answer(request: Request<Body>) -> Response<Body> {
    let fails = request.uri().path().ends_with("/Fail");
    let message = request.into_body().collect().await;
    let message = message.map_or_else(|_| Bytes::new(), |body| body.to_bytes());
    let (message, trailers) = match fails {
        true => (Bytes::new(), failure()),
        false => (message, HeaderMap::from_iter([entry(("grpc-status", "0"))])),
    };
    let body = Full::new(message).with_trailers(async move { Some(Ok(trailers)) });
    let mut response = Response::new(Body::new(body));
    let content_type = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", content_type);
    response
}

fn failure() -> HeaderMap {
    let info = ErrorInfo {
        reason: "ASKED_FOR".to_owned(),
        domain: "echo.example".to_owned(),
    };
    let status = Status {
        code: 5,
        message: "no such item".to_owned(),
        details: vec![Any {
            type_url: "type.googleapis.com/google.rpc.ErrorInfo".to_owned(),
            value: info.encode_to_vec(),
        }],
    };
    let details = STANDARD_NO_PAD.encode(status.encode_to_vec());
    let entries = [
        ("grpc-status", "5"),
        ("grpc-message", "no such item"),
        ("grpc-status-details-bin", details.as_str()),
    ];
    HeaderMap::from_iter(entries.map(entry))
}

fn entry((name, value): (&str, &str)) -> (http::HeaderName, HeaderValue) {
    let name = name.parse().expect("a header name");
    (name, value.parse().expect("a header value"))
}
