//! The running gateway: its two listeners, its signals, and its end.

use super::{Failure, banner::Banner, signals::Signals};
use crate::{
    admin::{self, Probe, Readiness, RouteLine},
    config::Config,
    gateway::Gateway,
    rule::Binding,
    server::{self, Drain, Server},
    telemetry::{metrics, observe::Telemetry},
};
use std::{num::NonZeroUsize, sync::Arc, time::Duration};
use tokio::{
    runtime::{Builder, Runtime},
    time::sleep,
};

/// What streams have to say that they end, out of the grace time.
const FAREWELL: Duration = Duration::from_millis(500);

/// The gateway's sockets, open before anything is said to be ready.
pub(super) struct Listeners {
    pub(super) gateway: Server,
    pub(super) admin: Server,
}

impl Listeners {
    pub(super) fn bind(config: &Config) -> Result<Self, Failure> {
        let settings = server::Settings {
            // Only those who trust some peers want to know who they are.
            peer_address: config.gateway.trusted_proxies.is_some(),
            ..config.server.clone()
        };
        let gateway = Server::bind(config.listen, settings)
            .map_err(|error| Failure::bind("--listen", &error))?;
        let admin = Server::bind(config.admin_listen, admin_settings())
            .map_err(|error| Failure::bind("--admin-listen", &error))?;
        Ok(Self { gateway, admin })
    }
}

/// Pages for a few probes need little of anything.
pub(super) fn admin_settings() -> server::Settings {
    server::Settings {
        // The debug pages are for some peers only.
        peer_address: true,
        workers: NonZeroUsize::MIN,
        max_connections: 256,
        drain_grace: Duration::from_secs(1),
        ..server::Settings::default()
    }
}

/// The runtime of the main thread: it accepts and waits, no request is in it.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start the runtime: {error}")))
}

/// Serves until a signal, or until `drain` begins for another reason, and the
/// drain is over.
pub(super) fn run(
    listeners: Listeners,
    gateway: &Gateway,
    telemetry: &Telemetry,
    banner: &Banner,
    drain: Drain,
) -> Result<(), Failure> {
    let readiness = Readiness::default();
    let server = listeners.gateway.settings();
    let grace = server.drain_delay + server.drain_grace;
    runtime()?.block_on(async {
        let signals = Signals::take()?;
        let (flag, switch) = (readiness.clone(), drain.clone());
        tokio::spawn(signals.watch(move || {
            flag.withdraw();
            switch.begin();
        }));

        tokio::spawn(close_streams(gateway.clone(), drain.clone(), grace));

        let admin_drain = Drain::new();
        tokio::spawn(admin::take_notes(telemetry.clone()));
        let pages = admin_pages(gateway.clone(), telemetry.clone(), readiness);
        let admin = tokio::spawn(listeners.admin.run(pages, admin_drain.clone()));

        if let Some(ledger) = telemetry.ledger() {
            let connections = listeners.gateway.connections();
            let source = move || metrics::of_connections(connections.open(), connections.most());
            ledger.registry().add_source(source);
        }
        let (workers, counts) = (gateway.clone(), telemetry.clone());
        let make = move |_| {
            if let Some(ledger) = counts.ledger() {
                ledger.registry().watch_runtime();
            }
            workers.on_worker()
        };
        banner.print();
        listeners.gateway.run(make, drain).await?;

        // Health is told to the very end.
        admin_drain.begin();
        admin.await.map_err(Failure::failed)??;
        tracing::info!("done");
        Ok(())
    })
}

/// Tells the streams that are still open before the end of the grace time that it
/// has come, so that their readers can tell this from a broken connection.
async fn close_streams(gateway: Gateway, drain: Drain, grace: Duration) {
    drain.started().await;
    sleep(grace.saturating_sub(FAREWELL)).await;
    gateway.close_streams();
}

/// Makes the admin pages on the thread that serves them, where the probe's
/// connection then lives.
fn admin_pages(
    gateway: Gateway,
    telemetry: Telemetry,
    readiness: Readiness,
) -> impl Fn(usize) -> axum::Router + Clone + Send + 'static {
    let routes: Arc<[RouteLine]> = gateway.routes().iter().map(route_line).collect();
    move |_| {
        let gateway = gateway.on_worker();
        let probe = Probe::new(move || Box::pin(gateway.probe()));
        let state = admin::State::new(readiness.clone(), Arc::new(probe))
            .telemetry(telemetry.clone())
            .routes(Arc::clone(&routes));
        admin::router(state)
    }
}

fn route_line(route: &Binding) -> RouteLine {
    let method = &route.method;
    let notes = [
        (method.client_streaming, "client stream"),
        (method.server_streaming, "server stream"),
        (method.deprecated, "deprecated"),
    ];
    let notes = notes.iter().filter(|(holds, _)| *holds);
    let notes: Vec<_> = notes.map(|(_, note)| *note).collect();
    RouteLine {
        http: route.http.to_string(),
        path: route.template.to_string(),
        grpc: method.path.path().trim_start_matches('/').to_owned(),
        notes: notes.join(", "),
        source: route.source.to_string(),
    }
}
