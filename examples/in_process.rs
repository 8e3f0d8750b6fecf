//! A tonic service with an HTTP/JSON face in the same process: no socket between the
//! two, and none in front either, since requests are plain values here.
//!
//! ```text
//! cargo run --example in_process
//! ```

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use trestle::gateway::Gateway;
use trestle::upstream::{Settings, Upstream};
use trestle::{descriptors, fetchit};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Any tonic service, or several as `tonic::service::Routes`, and the descriptors
    // of what they serve.
    let service = Upstream::service(fetchit::routes().await, &Settings::default());
    let gateway = Gateway::builder(descriptors::embedded()).build(service)?;

    for (path, body) in [
        ("/api/capitalize", r#"{"id":7,"data":"aGVsbG8gd29ybGQ="}"#),
        ("/api/capitalize", r#"{"id":"seven"}"#),
    ] {
        let request = Request::post(path)
            .header("host", "in-process")
            .body(Body::from(body))?;
        let answer = gateway.clone().oneshot(request).await?;
        let status = answer.status();
        let text = answer.into_body().collect().await?.to_bytes();
        println!("{status} {}", String::from_utf8_lossy(&text));
    }
    Ok(())
}
