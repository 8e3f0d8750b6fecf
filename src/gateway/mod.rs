//! One HTTP exchange: route it, build the request message, call, answer; headers
//! to metadata and back; failures to responses. Knows nothing of sockets or
//! configuration files.
//!
//! ```text
//! head ─▶ route ─▶ content, metadata, deadline ─▶ body ─▶ bind ─▶ upstream ─▶ answer
//!   └────────┴────────────────┴──────────────────────┴──────┴────────┴──▶ Failure ─▶ answer
//! ```

mod answer;
mod bind;
mod body;
mod content;
mod details;
mod error;
mod exchange;
mod failure;
mod head;
mod health;
mod matched;
mod metadata;
mod query;
mod service;
mod settings;
mod stream;
mod websocket;

pub use settings::{RouteSettings, Settings, WebSocket};
pub use stream::Framing;
pub use websocket::GoingAway;

use crate::rule::{Binding, RuleError};
use crate::transcode::Schema;
use crate::upstream::Upstream;
use crate::{route, rule};
use prost_reflect::DescriptorPool;
use std::fmt;
use std::sync::Arc;
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
}

/// What is decided once, from descriptors and settings.
#[derive(Debug)]
struct Tables {
    schema: Schema,
    bindings: Vec<Binding>,
    /// One for each binding.
    manners: Vec<RouteSettings>,
    routes: route::Table,
    settings: Settings,
}

impl Tables {
    fn is_streaming(&self, binding: usize) -> bool {
        self.bindings[binding].method.is_streaming()
    }
}

/// A gateway being put together.
pub struct Builder {
    pool: DescriptorPool,
    settings: Settings,
    for_each_route: ForEachRoute,
}

type ForEachRoute = Box<dyn Fn(&Binding, &mut RouteSettings)>;

/// Why a gateway cannot be built: every fault that was found.
#[derive(Debug)]
pub struct BuildError {
    rules: Vec<RuleError>,
    conflicts: Vec<String>,
}

impl Gateway {
    /// Starts from the descriptors of the backend's API.
    pub fn builder(pool: DescriptorPool) -> Builder {
        Builder {
            pool,
            settings: Settings::default(),
            for_each_route: Box::new(|_, _| {}),
        }
    }

    /// What is served, in the order of the descriptors.
    pub fn routes(&self) -> &[Binding] {
        &self.worker.tables.bindings
    }

    /// The same gateway with connections of its own, for one worker.
    pub fn on_worker(&self) -> Self {
        let Worker { tables, upstream } = &*self.worker;
        let worker = Worker {
            tables: tables.clone(),
            upstream: upstream.on_worker(),
        };
        Self {
            worker: Arc::new(worker),
        }
    }

    /// Whether the backend can be expected to answer; the error says why not.
    pub fn probe(&self) -> impl Future<Output = Result<(), String>> + Send + 'static {
        health::probe(self.worker.upstream.clone())
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

impl Builder {
    /// Takes limits, times and manners other than the defaults.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Lets `change` adjust the settings of each route; it is called once a binding,
    /// with [`Settings::route`] to start from.
    pub fn for_each_route(
        mut self,
        change: impl Fn(&Binding, &mut RouteSettings) + 'static,
    ) -> Self {
        self.for_each_route = Box::new(change);
        self
    }

    /// Compiles plans, rules and routes, and puts the gateway before `upstream`.
    pub fn build(self, upstream: Upstream) -> Result<Gateway, BuildError> {
        let schema = Schema::compile(&self.pool);
        let bindings = rule::compile(&self.pool, &schema).map_err(|rules| BuildError {
            rules,
            conflicts: Vec::new(),
        })?;
        let routes = route::Table::build(
            bindings
                .iter()
                .map(|binding| (&binding.http, &binding.template)),
        )
        .map_err(|conflicts| BuildError {
            rules: Vec::new(),
            conflicts: conflicts
                .iter()
                .map(|conflict| describe(conflict, &bindings))
                .collect(),
        })?;
        let manners = bindings
            .iter()
            .map(|binding| {
                let mut manners = self.settings.route.clone();
                (self.for_each_route)(binding, &mut manners);
                manners
            })
            .collect();
        let tables = Tables {
            schema,
            bindings,
            manners,
            routes,
            settings: self.settings,
        };
        let worker = Worker {
            tables: Arc::new(tables),
            upstream,
        };
        Ok(Gateway {
            worker: Arc::new(worker),
        })
    }
}

/// A conflict with both rules named.
fn describe(conflict: &route::Conflict, bindings: &[Binding]) -> String {
    let (first, second) = (&bindings[conflict.first], &bindings[conflict.second]);
    format!(
        "{} `{}` of {} and {} `{}` of {} match the same requests; change one of the two",
        first.http,
        first.template,
        first.method.full_name,
        second.http,
        second.template,
        second.method.full_name,
    )
}

impl BuildError {
    /// How many faults there are.
    pub fn count(&self) -> usize {
        self.rules.len() + self.conflicts.len()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = self
            .rules
            .iter()
            .map(ToString::to_string)
            .chain(self.conflicts.iter().cloned());
        for (index, fault) in faults.enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&fault)?;
        }
        Ok(())
    }
}

impl std::error::Error for BuildError {}
