//! The first five minutes: fetchIt behind the gateway, by REST and directly.

use crate::{raw, serve};
use std::net::SocketAddr;
use trestle::fetchit::rpc::Payload;
use trestle::fetchit::rpc::fetch_client::FetchClient;
use trestle::fetchit::{Backend, Settings};
use trestle::gateway::Gateway;
use trestle::upstream::{self, Upstream};

async fn backend() -> SocketAddr {
    let backend = Backend::bind("127.0.0.1:0".parse().unwrap(), Settings::default())
        .await
        .unwrap();
    let address = backend.local_addr();
    tokio::spawn(async move { backend.serve(std::future::pending()).await });
    address
}

async fn post(gateway: SocketAddr, content_type: Option<&str>, body: &str) -> raw::Answer {
    let header = content_type
        .map(|value| format!("Content-Type: {value}\r\n"))
        .unwrap_or_default();
    let length = body.len();
    let request = format!(
        "POST /api/capitalize HTTP/1.1\r\nHost: t\r\n{header}Content-Length: {length}\r\n\r\n{body}"
    );
    raw::send(gateway, request.as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn capitalize_works_however_the_body_is_labelled() {
    let upstream = Upstream::connect_lazy(
        &format!("http://{}", backend().await),
        upstream::Settings::default(),
    )
    .unwrap();
    let gateway = serve(
        Gateway::builder(trestle::descriptors::embedded())
            .build(upstream)
            .unwrap(),
    );
    let labels = [
        None,
        Some("application/json"),
        Some("application/json; charset=utf-8"),
        Some("application/x-www-form-urlencoded"),
    ];
    for label in labels {
        let answer = post(
            gateway.address,
            label,
            r#"{"id":7,"data":"aGVsbG8gd29ybGQ="}"#,
        )
        .await;
        assert_eq!(answer.status, 200, "{label:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(
            answer.body, br#"{"id":7,"data":"SEVMTE8gV09STEQ="}"#,
            "{label:?}"
        );
        let broken = post(gateway.address, label, "{\"id\":7,\n\"data\":}").await;
        assert_eq!(broken.status, 400, "{label:?}");
        let message = broken.json()["message"].as_str().unwrap().to_owned();
        assert!(
            message.contains("line 2") && message.contains("column 8"),
            "{message}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_client_calls_the_backend_directly() {
    let endpoint =
        tonic::transport::Endpoint::from_shared(format!("http://{}", backend().await)).unwrap();
    let mut client = FetchClient::new(endpoint.connect().await.unwrap());
    let payload = Payload {
        id: 7,
        data: b"hello world".to_vec(),
    };
    let answer = client.capitalize(payload).await.unwrap().into_inner();
    assert_eq!(
        answer,
        Payload {
            id: 7,
            data: b"HELLO WORLD".to_vec()
        }
    );
}
