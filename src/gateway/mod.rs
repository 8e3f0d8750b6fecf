//! One HTTP exchange: route it, build the request message, call, answer; headers
//! to metadata and back; failures to responses. Knows nothing of sockets or
//! configuration files.
//!
//! ```text
//! head ─▶ route ─▶ content, metadata, deadline ─▶ body ─▶ bind ─▶ upstream ─▶ answer
//!   └────────┴────────────────┴──────────────────────┴──────┴────────┴──▶ Failure ─▶ answer
//! ```

mod accept;
mod answer;
mod bind;
mod body;
mod builder;
mod compression;
mod content;
mod cors;
mod decoding;
mod details;
mod documents;
mod error;
mod etag;
mod exchange;
mod failure;
mod finish;
mod forwarded;
mod head;
mod health;
mod hooks;
mod identity;
mod matched;
mod metadata;
mod network;
mod problem;
mod protobuf;
mod query;
mod raw;
mod service;
mod settings;
mod status;
mod stream;
mod trailers;
mod verdict;
mod websocket;

pub(crate) use accept::quality;
pub use builder::{BuildError, Builder};
pub use cors::{Cors, NotAnOrigin, Origin};
pub use hooks::{ErrorBody, ErrorReport, HeaderPolicy};
pub use network::{Network, NotANetwork};
pub use settings::{RouteSettings, Settings, WebSocket};
pub use stream::Framing;

use crate::rule::Binding;
use crate::telemetry::observe::{Operations, Recorder, Telemetry};
use crate::transcode::Schema;
use crate::upstream::Upstream;
use crate::{openapi, route};
use documents::Documents;
use prost_reflect::DescriptorPool;
use std::sync::Arc;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;

/// An HTTP/JSON face for a backend, ready to answer. Cheap to clone; clones share
/// tables and connections.
#[derive(Clone, Debug)]
pub struct Gateway {
    worker: Arc<Worker>,
}

/// What the exchanges of one worker share. An `Arc` a worker, so that counting its
/// users never crosses threads.
#[derive(Debug)]
struct Worker {
    tables: Arc<Tables>,
    upstream: Upstream,
    recorder: Recorder,
}

/// What is decided once, from descriptors and settings.
#[derive(Debug)]
struct Tables {
    pool: DescriptorPool,
    schema: Schema,
    bindings: Vec<Binding>,
    /// One for each binding.
    plans: Vec<matched::Plan>,
    routes: route::Table,
    /// Bindings and their methods as telemetry knows them, under the same indices.
    operations: Arc<Operations>,
    telemetry: Telemetry,
    settings: Settings,
    documents: Documents,
    /// True once streams are to end.
    closing: watch::Sender<bool>,
}

impl Tables {
    fn openapi(&self) -> openapi::Document {
        let mut settings = self.settings.openapi.clone();
        settings.write = self.settings.route.write;
        openapi::Document::build(&self.pool, &self.schema, &self.bindings, &settings)
    }

    fn is_streaming(&self, binding: usize) -> bool {
        self.bindings[binding].method.is_streaming()
    }
}

impl Gateway {
    /// Starts from the descriptors of the backend's API.
    pub fn builder(pool: DescriptorPool) -> Builder {
        Builder::new(pool)
    }

    /// What is served, in the order of the descriptors.
    pub fn routes(&self) -> &[Binding] {
        &self.worker.tables.bindings
    }

    /// The plans behind the routes, which name the fields that bindings hold.
    pub fn schema(&self) -> &Schema {
        &self.worker.tables.schema
    }

    /// The OpenAPI document of what is served.
    pub fn openapi(&self) -> openapi::Document {
        self.worker.tables.openapi()
    }

    /// The same gateway with connections of its own, for one worker.
    pub fn on_worker(&self) -> Self {
        let Worker {
            tables, upstream, ..
        } = &*self.worker;
        Self::of(tables.clone(), upstream.on_worker())
    }

    fn of(tables: Arc<Tables>, upstream: Upstream) -> Self {
        let recorder = tables.telemetry.recorder(&tables.operations);
        let worker = Worker {
            tables,
            upstream,
            recorder,
        };
        Self {
            worker: Arc::new(worker),
        }
    }

    /// Whether the backend can be expected to answer; the error says why not.
    pub fn probe(&self) -> impl Future<Output = Result<(), String>> + Send + 'static {
        health::probe(self.worker.upstream.clone())
    }

    /// Ends all streams, those of other workers and those to come included: each gets
    /// an error record, `UNAVAILABLE`, in its framing; a WebSocket is closed with 1001.
    /// For the end of a drain; unary calls are left to end by themselves.
    pub fn close_streams(&self) {
        self.worker.tables.closing.send_replace(true);
    }

    /// An axum router that carries the routes, to be served as it is, nested below
    /// a path, or made the fallback of another router. A panic in it ends its own
    /// request only.
    ///
    /// ```
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use trestle::{descriptors, fetchit, gateway::Gateway, upstream::{Settings, Upstream}};
    ///
    /// // A tonic service in this process; `Upstream::connect_lazy` takes a URL.
    /// let backend = Upstream::service(fetchit::routes().await, &Settings::default());
    /// let gateway = Gateway::builder(descriptors::embedded()).build(backend)?;
    /// let app: axum::Router = axum::Router::new()
    ///     .route("/about", axum::routing::get(async || "capitals for everyone"))
    ///     .fallback_service(gateway.into_router());
    /// # drop(app);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_router(self) -> axum::Router {
        axum::Router::new()
            .fallback_service(self)
            .layer(CatchPanicLayer::custom(error::of_panic))
    }
}
