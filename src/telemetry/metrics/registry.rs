//! Where the workers' counts come together, when somebody asks.

use super::{
    catalog::Catalog,
    family::Section,
    opencensus, process, runtime,
    settings::{Names, Settings},
    shard::Shard,
    views,
};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Instant, SystemTime},
};
use tokio::runtime::RuntimeMetrics;

/// The metrics of one gateway or backend. Clones are the same registry.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    catalog: Arc<Catalog>,
    settings: Settings,
    /// What the metrics are about, as OpenTelemetry's resource attributes.
    resource: Vec<(String, String)>,
    epoch: Instant,
    started: SystemTime,
    shards: Mutex<Vec<Arc<Shard>>>,
    runtimes: Mutex<Vec<RuntimeMetrics>>,
    sources: Mutex<Vec<Source>>,
}

/// Metrics that others keep, read when somebody asks.
type Source = Box<dyn Fn() -> Vec<Section> + Send>;

impl Registry {
    /// Metrics about what is in the catalog. `resource` says who counts them, as
    /// OpenTelemetry's resource attributes.
    pub fn new(catalog: Catalog, settings: Settings, mut resource: Vec<(String, String)>) -> Self {
        // The same text at every start.
        resource.sort_unstable();
        Self(Arc::new(Inner {
            catalog: Arc::new(catalog),
            settings,
            resource,
            epoch: Instant::now(),
            started: SystemTime::now(),
            shards: Mutex::default(),
            runtimes: Mutex::default(),
            sources: Mutex::default(),
        }))
    }

    /// Cells for one more worker.
    pub fn shard(&self) -> Arc<Shard> {
        let shard = Arc::new(Shard::new(&self.0.catalog, self.0.epoch));
        push(&self.0.shards, Arc::clone(&shard));
        shard
    }

    /// Shows how the runtime of a worker fares; to be called inside of it.
    pub fn watch_runtime(&self) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            push(&self.0.runtimes, runtime.metrics());
        }
    }

    /// Shows what `source` yields, too.
    pub fn add_source(&self, source: impl Fn() -> Vec<Section> + Send + 'static) {
        push(&self.0.sources, Box::new(source));
    }

    /// What can be counted.
    pub fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(super) fn resource(&self) -> &[(String, String)] {
        &self.0.resource
    }

    /// When counting began.
    pub(super) fn started(&self) -> SystemTime {
        self.0.started
    }

    /// Everything, to be read portion by portion.
    pub(super) fn sections(&self) -> Vec<Section> {
        let inner = &self.0;
        let shards = inner.shards.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = views::Counted::new(Arc::clone(&inner.catalog), shards.clone());
        drop(shards);
        let mut sections = Vec::new();
        if inner.settings.names != Names::OpenCensus {
            sections.extend(views::grpc(&counted));
        }
        if inner.settings.names != Names::Grpc {
            sections.extend(opencensus::sections(&counted));
        }
        sections.extend(views::http(&counted));
        for source in &*inner.sources.lock().unwrap_or_else(PoisonError::into_inner) {
            sections.extend(source());
        }
        let runtimes = inner
            .runtimes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        sections.extend(runtime::sections(&runtimes));
        sections.extend(process::sections());
        sections
    }
}

/// Whoever panicked while holding one of these locks left a whole list.
fn push<T>(list: &Mutex<Vec<T>>, item: T) {
    let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
    list.push(item);
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}
