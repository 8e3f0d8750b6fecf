//! The gateway through its front door: real sockets, a real server with its
//! workers, and a backend that does as it is told, all in this process.
#![allow(clippy::unwrap_used)]

mod backend;
mod backends;
mod calls;
mod counts;
mod cases;
mod documents;
mod fetchit;
mod framing;
mod h2;
mod health;
mod in_process;
mod late_faults;
mod manners;
mod metadata;
mod program;
mod raw;
mod routes;
mod rows;
mod rules;
mod schemathesis;
mod streams;
mod traces;
mod websocket;

use prost_reflect::DescriptorPool;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::Path;
use tokio::task::JoinHandle;
use trestle::descriptors;
use trestle::gateway::{self, Gateway};
use trestle::server::{self, Drain, Server};
use trestle::upstream::{self, Upstream};

/// A gateway that listens.
struct Running {
    address: SocketAddr,
    drain: Drain,
    server: JoinHandle<()>,
}

/// The gateway before a backend, with one worker, so that what its calls share
/// does not depend on which connection a test is given.
async fn start(url: &str, settings: gateway::Settings) -> Running {
    start_with(url, settings, upstream::Settings::default()).await
}

async fn start_with(url: &str, settings: gateway::Settings, up: upstream::Settings) -> Running {
    let upstream = Upstream::connect_lazy(url, up).unwrap();
    let builder = Gateway::builder(pool()).settings(settings);
    serve(
        builder
            .build(upstream)
            .unwrap_or_else(|error| panic!("{error}")),
    )
}

/// The descriptors of the API that the scripted backend serves.
fn pool() -> DescriptorPool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/front_door");
    let files = [
        folder.join("every.proto"),
        folder.join("legacy.proto"),
        folder.join("documents.proto"),
    ];
    descriptors::from_protos(&files, &[&folder]).unwrap_or_else(|error| panic!("{error}"))
}

fn serve(gateway: Gateway) -> Running {
    let settings = server::Settings {
        workers: NonZeroUsize::MIN,
        peer_address: true,
        ..server::Settings::default()
    };
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), settings).unwrap();
    let address = server.local_addr();
    let drain = Drain::new();
    let draining = drain.clone();
    let server = tokio::spawn(async move {
        server
            .run(move |_| gateway.on_worker(), draining)
            .await
            .expect("the server runs");
    });
    Running {
        address,
        drain,
        server,
    }
}

impl Running {
    /// Sends a request and reads the answer; see `raw` for what is sent.
    async fn send(&self, request: &str) -> raw::Answer {
        raw::send(self.address, request.as_bytes()).await
    }

    /// `POST path` with a JSON body and further header lines.
    async fn post(&self, path: &str, headers: &[&str], body: &str) -> raw::Answer {
        let headers: String = headers
            .iter()
            .map(|header| format!("{header}\r\n"))
            .collect();
        let length = body.len();
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: t\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        ))
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_bodies_are_answered_as_the_table_says() {
    rows::run("json_body.txt", rows::BOTH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_as_the_table_says() {
    rows::run("requests.txt", rows::BOTH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_backends_are_reported_as_the_table_says() {
    rows::run("upstream.txt", &["HTTP/1.1"]).await;
}
