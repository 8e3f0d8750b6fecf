//! The gateway before fetchIt and a store that echoes, for generated clients to
//! call. Prints its URL and serves until it is killed.
#![allow(clippy::print_stdout)]

#[path = "../openapi/echo.rs"]
mod echo;

use std::error::Error;
use std::path::Path;
use tower::service_fn;
use tower_service::Service as _;
use trestle::{
    descriptors, fetchit,
    gateway::{Gateway, Settings},
    upstream::{self, Upstream},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (sdk, proto) = (root.join("tests/sdk"), root.join("proto"));
    let files = [sdk.join("store.proto"), proto.join("rpc/fetch.proto")];
    let pool = descriptors::from_protos(&files, &[sdk, proto])?;

    let fetchit = fetchit::routes().await;
    let backend = service_fn(move |request: http::Request<tonic::body::Body>| {
        let mut fetchit = fetchit.clone();
        async move {
            match request.uri().path().starts_with("/rpc.") {
                true => fetchit.call(request).await,
                false => echo::Echo.call(request).await,
            }
        }
    });
    let mut settings = Settings::default();
    settings.openapi = fetchit::about();
    settings.openapi.title = Some("Store".to_owned());
    let gateway = Gateway::builder(pool)
        .settings(settings)
        .build(Upstream::service(backend, &upstream::Settings::default()))?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, gateway.into_router()).await?;
    Ok(())
}
