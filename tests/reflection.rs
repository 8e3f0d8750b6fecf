//! Descriptors by server reflection, from backends as they are found: with v1, with
//! v1alpha only, without any, away, and not yet there.
#![allow(clippy::unwrap_used)]

use prost::Message as _;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;
use tonic::transport::Server;
use trestle::descriptors::{self, Error};
use trestle::fetchit::{Backend, Settings};

/// Far above what any of these takes.
const PATIENCE: Duration = Duration::from_secs(20);

async fn serve(routes: Routes) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = TcpListenerStream::new(listener);
    tokio::spawn(
        Server::builder()
            .add_routes(routes)
            .serve_with_incoming(incoming),
    );
    format!("http://{address}")
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

async fn fetchit(address: SocketAddr) -> String {
    let backend = Backend::bind(address, Settings::default()).await.unwrap();
    let url = format!("http://{}", backend.local_addr());
    tokio::spawn(backend.serve(std::future::pending()));
    url
}

#[tokio::test]
async fn a_backend_tells_its_services_with_their_rules() {
    let url = fetchit("127.0.0.1:0".parse().unwrap()).await;
    let pool = descriptors::from_reflection(&url, PATIENCE).await.unwrap();
    let mut services: Vec<_> = pool.services().collect();
    services.sort_by(|a, b| a.full_name().cmp(b.full_name()));
    let names: Vec<_> = services.iter().map(|service| service.full_name()).collect();
    assert_eq!(names, ["grpc.health.v1.Health", "rpc.Fetch"]);

    let built_in = descriptors::embedded();
    let built_in = built_in.get_service_by_name("rpc.Fetch").unwrap();
    let told = &services[1];
    for (told, known) in told.methods().zip(built_in.methods()) {
        assert_eq!(told.full_name(), known.full_name());
        let options = [told.options(), known.options()].map(|options| options.encode_to_vec());
        assert!(!options[0].is_empty(), "{}", known.full_name());
        assert_eq!(options[0], options[1], "{}", known.full_name());
    }
    assert_eq!(told.methods().len(), built_in.methods().len());
}

#[tokio::test]
async fn v1alpha_is_enough() {
    let routes = Routes::new(reflection().build_v1alpha().unwrap());
    let url = serve(routes).await;
    let pool = descriptors::from_reflection(&url, PATIENCE).await.unwrap();
    assert!(pool.get_service_by_name("grpc.health.v1.Health").is_some());
}

#[tokio::test]
async fn a_backend_without_reflection_is_told_from_one_that_is_away() {
    let (_, health) = tonic_health::server::health_reporter();
    let url = serve(Routes::new(health)).await;
    let error = descriptors::from_reflection(&url, PATIENCE)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Reflection { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("Unimplemented") && text.contains("turn reflection on"),
        "{text}"
    );

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let error = descriptors::from_reflection(&url, Duration::ZERO)
        .await
        .unwrap_err();
    let away = matches!(error, Error::Unreachable { .. } | Error::Reflection { .. });
    assert!(away && error.to_string().contains(&url), "{error}");
}

#[tokio::test]
async fn a_backend_that_never_answers_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let patience = Duration::from_millis(300);
    let error = descriptors::from_reflection(&url, patience)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("has not answered within 300ms"),
        "{error}"
    );
}

#[tokio::test]
async fn a_backend_that_starts_late_is_waited_for() {
    let place = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = place.local_addr().unwrap();
    drop(place);
    let url = format!("http://{address}");
    let asking = tokio::spawn(async move { descriptors::from_reflection(&url, PATIENCE).await });
    // Let it find nobody at least once.
    tokio::task::yield_now().await;
    fetchit(address).await;
    let pool = asking.await.unwrap().unwrap();
    assert!(pool.get_service_by_name("rpc.Fetch").is_some());
}
