//! The gateway as a part of an axum application: its routes stand beside the
//! application's own, its errors look like the application's, and an API key of the
//! application's reaches the backend.
//!
//! ```text
//! cargo run --example mount_in_axum -- 127.0.0.1:3000
//! curl 127.0.0.1:3000/about
//! curl 127.0.0.1:3000/grpc/api/capitalize -d '{"data":"aGk="}'
//! ```
//!
//! Here the backend runs in the same process; `Upstream::connect_lazy` takes the URL of
//! one that does not.

use axum::{Router, routing::get};
use http::{HeaderName, HeaderValue};
use std::time::Duration;
use tokio::net::TcpListener;
use trestle::gateway::{ErrorBody, ErrorReport, Gateway, HeaderPolicy, Settings};
use trestle::upstream::{self, Upstream};
use trestle::{descriptors, fetchit};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:3000")).await?;

    let backend = Upstream::service(fetchit::routes().await, &upstream::Settings::default());
    let mut settings = Settings::default();
    settings.route.write.always_print = true;
    let gateway = Gateway::builder(descriptors::embedded())
        .settings(settings)
        .for_each_route(|route, settings| {
            if route.method.is_streaming() {
                settings.stream_lifetime = Duration::from_secs(60);
            }
        })
        .header_policy(ApiKey)
        .error_shape(plain)
        .build(backend)?;

    let app = Router::new()
        .route("/about", get(async || "capitals for everyone\n"))
        .nest("/grpc", gateway.into_router());
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

struct ApiKey;

impl HeaderPolicy for ApiKey {
    fn metadata_name(&self, header: &HeaderName, usual: Option<HeaderName>) -> Option<HeaderName> {
        match header.as_str() {
            "x-api-key" => Some(HeaderName::from_static("api-key")),
            _ => usual,
        }
    }
}

/// Errors as one line of text.
fn plain(error: &ErrorReport<'_>) -> Option<ErrorBody> {
    Some(ErrorBody {
        content_type: HeaderValue::from_static("text/plain; charset=utf-8"),
        body: format!("{}: {}\n", error.code(), error.message()).into(),
    })
}
