//! Metrics pushed by OTLP, now and then, and once more at the end.

use super::{otlp, registry::Registry};
use crate::telemetry::export::{
    Error,
    otlp::{Settings, Signal, Transport},
};
use prost::Message as _;
use std::{
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
    time::{MissedTickBehavior, interval_at, timeout},
};

/// A thread that pushes metrics until it is shut down.
#[derive(Debug)]
pub struct Push {
    stop: oneshot::Sender<Duration>,
    thread: JoinHandle<()>,
}

/// How often metrics are pushed where nothing is said.
const INTERVAL: Duration = Duration::from_secs(60);

/// What `OTEL_METRIC_EXPORT_INTERVAL` says, in milliseconds.
pub fn push_interval(lookup: impl Fn(&str) -> Option<String>) -> Duration {
    let name = "OTEL_METRIC_EXPORT_INTERVAL";
    let Some(text) = lookup(name).filter(|text| !text.is_empty()) else {
        return INTERVAL;
    };
    match text.parse() {
        Ok(millis @ 1..) => Duration::from_millis(millis),
        // As OpenTelemetry asks of numbers that are none.
        _ => {
            tracing::warn!("{name}: `{text}` is no number of milliseconds; 60000 is used");
            INTERVAL
        }
    }
}

impl Push {
    /// Pushes what `registry` counts to the receiver of `settings`.
    ///
    /// # Errors
    ///
    /// When certificates cannot be read, or the system gives no thread.
    pub fn start(
        registry: Registry,
        settings: &Settings,
        interval: Duration,
    ) -> Result<Self, Error> {
        let transport = Transport::new(settings, Signal::Metrics)?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Error::Thread)?;
        let (stop, stopped) = oneshot::channel();
        let pusher = Pusher {
            registry,
            transport,
            interval,
        };
        let thread = thread::Builder::new()
            .name("trestle-metrics".to_owned())
            .spawn(move || pusher.run(&runtime, stopped))
            .map_err(Error::Thread)?;
        Ok(Self { stop, thread })
    }

    /// Pushes once more and ends, `within` this time.
    pub fn shutdown(self, within: Duration) {
        // Should the thread be gone already, there is nothing to stop.
        let _ = self.stop.send(within);
        if self.thread.join().is_err() {
            tracing::error!("the thread that pushed metrics panicked");
        }
    }
}

struct Pusher {
    registry: Registry,
    transport: Transport,
    interval: Duration,
}

impl Pusher {
    fn run(mut self, runtime: &Runtime, mut stopped: oneshot::Receiver<Duration>) {
        runtime.block_on(async {
            let first = tokio::time::Instant::now() + self.interval;
            let mut ticks = interval_at(first, self.interval);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let within = loop {
                // A push may take long; the end does not wait for it.
                tokio::select! {
                    biased;
                    within = &mut stopped => break within.unwrap_or_default(),
                    () = async { ticks.tick().await; self.push().await } => {}
                }
            };
            if timeout(within, self.push()).await.is_err() {
                tracing::warn!("the last metrics were not taken within {within:?}");
            }
        });
    }

    async fn push(&mut self) {
        for request in otlp::requests(&self.registry) {
            let message = request.encode_to_vec().into();
            if let Err(refusal) = self.transport.send(message).await {
                tracing::warn!(error = %refusal, "metrics were not taken");
                return;
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Catalog, Settings as Names};
    use super::*;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
    };

    /// Answers one request of HTTP/1.1 and gives its head and body.
    fn receive(listener: &TcpListener) -> (String, Vec<u8>) {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut request, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            let read = stream.read(&mut piece).unwrap();
            assert!(read > 0, "closed before the request's end");
            request.extend_from_slice(&piece[..read]);
            let Some(end) = request.windows(4).position(|it| it == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8(request[..end].to_vec())
                .unwrap()
                .to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if request.len() - end - 4 == length.unwrap().parse::<usize>().unwrap() {
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                    .unwrap();
                return (head, request.split_off(end + 4));
            }
        }
    }

    #[test]
    fn the_last_counts_are_pushed_at_the_end() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let lookup = |name: &str| match name {
            "OTEL_METRICS_EXPORTER" => Some("otlp".to_owned()),
            "OTEL_EXPORTER_OTLP_PROTOCOL" => Some("http/protobuf".to_owned()),
            "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(endpoint.clone()),
            _ => None,
        };
        let settings = crate::telemetry::export::Settings::from_env(lookup, "s").unwrap();
        let registry = Registry::new(
            Catalog::new(["a.B/C"], [""; 0], "t"),
            Names::default(),
            vec![("service.name".to_owned(), "s".to_owned())],
        );
        let shard = registry.shard();
        shard.served_call_started(shard.catalog().method("a.B/C"));
        let hour = Duration::from_secs(3_600);
        let push = Push::start(registry, &settings.metrics.unwrap(), hour).unwrap();
        let receiver = thread::spawn(move || receive(&listener));
        push.shutdown(Duration::from_secs(20));
        let (head, body) = receiver.join().unwrap();
        assert!(head.starts_with("post /v1/metrics "), "{head}");
        let request = ExportMetricsServiceRequest::decode(&*body).unwrap();
        let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
        assert_eq!(metrics[0].name, "grpc.server.call.started");
    }

    #[test]
    fn the_interval_is_in_milliseconds() {
        let of = |text: &str| {
            let text = text.to_owned();
            push_interval(move |_| Some(text.clone()))
        };
        assert_eq!(of("1500"), Duration::from_millis(1500));
        for other in ["", "0", "-1", "1s"] {
            assert_eq!(of(other), INTERVAL, "{other}");
        }
        assert_eq!(push_interval(|_| None), INTERVAL);
    }
}
