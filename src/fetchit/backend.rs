//! fetchIt as a server: the service, `grpc.health.v1` and reflection v1 and
//! v1alpha behind one listener, in whatever runtime it is polled.

use super::{
    FetchIt, calls::Calls, incoming::Incoming, reflection, rpc::fetch_server::FetchServer,
};
use crate::telemetry::observe::{GrpcServer, GrpcServerLayer, Telemetry};
use crate::telemetry::propagation::Formats;
use opentelemetry::trace::TracerProvider as _;
use std::{future::Future, io, net::SocketAddr, time::Duration};
use tokio::{net::TcpListener, sync::oneshot, time::sleep};
use tonic::{service::Routes, transport::Server};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::Layer as _;

/// How the backend serves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Calls at once on one connection; the rest wait at the client.
    pub max_concurrent_streams: u32,
    /// HTTP/2 receive window of one call.
    pub stream_window: u32,
    /// HTTP/2 receive window of one connection.
    pub connection_window: u32,
    /// Ping a connection after this long, so that dead peers are noticed.
    pub keepalive_interval: Duration,
    /// How long such a ping may take.
    pub keepalive_timeout: Duration,
    /// How long calls in flight may take to finish after the shutdown began.
    pub grace: Duration,
    /// Who is told of calls.
    pub telemetry: Telemetry,
    /// Another fetchIt, as `http://host:port`, that does what `Capitalize` is asked.
    pub next: Option<String>,
    /// The formats in which trace context goes there.
    pub trace_formats: Formats,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // One gateway worker shares one connection among all its calls.
            max_concurrent_streams: 1_024,
            stream_window: 1 << 20,
            connection_window: 4 << 20,
            keepalive_interval: Duration::from_secs(60),
            keepalive_timeout: Duration::from_secs(20),
            grace: Duration::from_secs(10),
            telemetry: Telemetry::default(),
            next: None,
            trace_formats: Formats::default(),
        }
    }
}

/// A backend that listens; [`Backend::serve`] makes it answer.
#[derive(Debug)]
pub struct Backend {
    listener: TcpListener,
    local_addr: SocketAddr,
    settings: Settings,
    layer: GrpcServerLayer,
    next: Option<Calls>,
}

impl Backend {
    /// Listens on `addr`; port 0 takes a free port, see [`Backend::local_addr`].
    /// Clients may connect from here on and are answered once it serves.
    pub async fn bind(addr: SocketAddr, settings: Settings) -> io::Result<Self> {
        let formats = settings.trace_formats;
        let next = settings.next.as_deref().map(|url| {
            Calls::new(url, formats, &settings.telemetry, reflection::methods())
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
        });
        let next = next.transpose()?;
        let listener = TcpListener::bind(addr).await?;
        let local_addr = listener.local_addr()?;
        let layer = layer(&settings.telemetry);
        Ok(Self {
            listener,
            local_addr,
            settings,
            layer,
            next,
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `shutdown`; then health turns to NOT_SERVING, no connection
    /// is taken any more, and calls in flight have [`Settings::grace`] to end.
    /// What is still open after that ends with the runtime.
    pub async fn serve(
        self,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), tonic::transport::Error> {
        let Settings { grace, .. } = self.settings;
        let telemetry = &self.settings.telemetry;
        let tracer = telemetry.tracer_provider().tracer("fetchit");
        let fetch = match self.next {
            Some(next) => FetchIt::traced(tracer).before(next),
            None => FetchIt::traced(tracer),
        };
        let (routes, health) = services(fetch).await;
        let (begun, beginning) = oneshot::channel::<()>();
        let shutdown = async move {
            shutdown.await;
            health
                .set_service_status("", ServingStatus::NotServing)
                .await;
            health.set_not_serving::<FetchServer<FetchIt>>().await;
            let _ = begun.send(());
        };
        let deadline = async move {
            // The sender is dropped unsent only when the server ended by itself.
            let _ = beginning.await;
            sleep(grace).await;
        };
        let serving = server(&self.settings)
            .layer(self.layer)
            .add_routes(routes)
            .serve_with_incoming_shutdown(Incoming::new(self.listener), shutdown);
        tokio::select! {
            biased;
            served = serving => served,
            () = deadline => Ok(()),
        }
    }
}

/// The backend's services without a socket, to be called in process.
pub async fn routes() -> Routes {
    services(FetchIt::default()).await.0
}

/// The same, watched by this telemetry as it is behind a socket.
pub async fn watched(telemetry: &Telemetry) -> GrpcServer<Routes> {
    let tracer = telemetry.tracer_provider().tracer("fetchit");
    let (routes, _) = services(FetchIt::traced(tracer)).await;
    layer(telemetry).layer(routes)
}

/// Knows every method that is served.
fn layer(telemetry: &Telemetry) -> GrpcServerLayer {
    GrpcServerLayer::new(telemetry, reflection::methods())
}

async fn services(fetch: FetchIt) -> (Routes, HealthReporter) {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<FetchServer<FetchIt>>().await;

    let mut reflection = tonic_reflection::server::Builder::configure();
    let mut reflection_alpha = tonic_reflection::server::Builder::configure();
    for set in reflection::descriptor_sets() {
        reflection = reflection.register_encoded_file_descriptor_set(set);
        reflection_alpha = reflection_alpha.register_encoded_file_descriptor_set(set);
    }
    let valid = "the embedded descriptor sets are valid";
    let routes = Routes::new(FetchServer::new(fetch))
        .add_service(health_service)
        .add_service(reflection.build_v1().expect(valid))
        .add_service(reflection_alpha.build_v1alpha().expect(valid));
    (routes.prepare(), health)
}

fn server(settings: &Settings) -> Server {
    Server::builder()
        .max_concurrent_streams(settings.max_concurrent_streams)
        .initial_stream_window_size(settings.stream_window)
        .initial_connection_window_size(settings.connection_window)
        .http2_keepalive_interval(Some(settings.keepalive_interval))
        .http2_keepalive_timeout(Some(settings.keepalive_timeout))
        .http2_max_header_list_size(16 << 10)
}
