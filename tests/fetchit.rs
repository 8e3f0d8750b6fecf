//! fetchIt over the wire: the call, health, reflection, and its end.
#![allow(clippy::unwrap_used)]

use http::{Request, Response, Uri};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{future::pending, net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, sync::oneshot, time::timeout};
use tonic::{Code, body::Body, codegen::tokio_stream};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};
use trestle::fetchit::{
    Backend, Settings,
    rpc::{Payload, fetch_client::FetchClient},
};

const HANG: Duration = Duration::from_secs(20);

async fn bind(settings: Settings) -> Backend {
    Backend::bind(SocketAddr::from(([127, 0, 0, 1], 0)), settings)
        .await
        .unwrap()
}

/// One HTTP/2 connection as the service that tonic's clients call.
async fn connect(
    addr: SocketAddr,
) -> (
    impl tower_service::Service<
        Request<Body>,
        Response = Response<Incoming>,
        Error = hyper::Error,
        Future: Send,
    > + Clone
    + Send,
    Uri,
) {
    let io = TokioIo::new(TcpStream::connect(addr).await.unwrap());
    let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let service = tower::service_fn(move |request| {
        let mut sender = sender.clone();
        async move { sender.send_request(request).await }
    });
    (service, format!("http://{addr}").parse().unwrap())
}

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

#[tokio::test]
async fn it_capitalizes_and_is_healthy() {
    let backend = bind(Settings::default()).await;
    let (service, origin) = connect(backend.local_addr()).await;
    let serving = tokio::spawn(backend.serve(pending()));

    let mut fetch = FetchClient::with_origin(service.clone(), origin.clone());
    let payload = Payload {
        id: 7,
        data: b"hello world".to_vec(),
    };
    let reply = timeout(HANG, fetch.capitalize(payload))
        .await
        .unwrap()
        .unwrap()
        .into_inner();
    assert_eq!(
        (reply.id, reply.data.as_slice()),
        (7, b"HELLO WORLD".as_slice())
    );

    let mut health = HealthClient::with_origin(service, origin);
    for known in ["", "rpc.Fetch"] {
        let reply = timeout(HANG, health.check(about(known)))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            reply.into_inner().status(),
            ServingStatus::Serving,
            "{known:?}"
        );
    }
    let unknown = timeout(HANG, health.check(about("rpc.Other")))
        .await
        .unwrap();
    assert_eq!(unknown.unwrap_err().code(), Code::NotFound);
    serving.abort();
}

#[tokio::test]
async fn reflection_lists_its_services_and_keeps_the_http_rule() {
    let backend = bind(Settings::default()).await;
    let (service, origin) = connect(backend.local_addr()).await;
    let serving = tokio::spawn(backend.serve(pending()));

    let mut reflection = ServerReflectionClient::with_origin(service, origin);
    let ask = |question| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(question),
    };
    let questions = tokio_stream::iter([
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol("rpc.Fetch".to_owned())),
    ]);
    let answers = reflection.server_reflection_info(questions);
    let mut answers = timeout(HANG, answers).await.unwrap().unwrap().into_inner();

    let list = timeout(HANG, answers.message())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = list.message_response else {
        panic!("{list:?}");
    };
    let mut names: Vec<_> = list
        .service
        .into_iter()
        .map(|service| service.name)
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection",
            "rpc.Fetch",
        ]
    );

    let file = timeout(HANG, answers.message())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let Some(MessageResponse::FileDescriptorResponse(file)) = file.message_response else {
        panic!("{file:?}");
    };
    let [file] = file.file_descriptor_proto.as_slice() else {
        panic!("one file")
    };
    let path = b"/api/capitalize";
    assert!(file.windows(path.len()).any(|bytes| bytes == path));
    serving.abort();
}

#[tokio::test]
async fn its_end_is_told_by_health_and_bounded_by_the_grace() {
    let grace = Duration::from_millis(200);
    let backend = bind(Settings {
        grace,
        ..Settings::default()
    })
    .await;
    let (service, origin) = connect(backend.local_addr()).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(backend.serve(async {
        let _ = stopped.await;
    }));

    let mut health = HealthClient::with_origin(service, origin);
    let watch = health.watch(about("rpc.Fetch"));
    let mut watch = timeout(HANG, watch).await.unwrap().unwrap().into_inner();
    let status = timeout(HANG, watch.message())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(status.status(), ServingStatus::Serving);

    drop(stop);
    let status = timeout(HANG, watch.message())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(status.status(), ServingStatus::NotServing);
    // The watch never ends, and is not waited for longer than the grace.
    timeout(HANG, serving).await.unwrap().unwrap().unwrap();
}
