//! `trestle client`: lines in, capitals out, each call traced. The terminal, or
//! whatever the lines come from, is read on the main thread; the calls are made on
//! another, whose runtime keeps the connection alive between them.

mod lines;

use super::{
    Failure,
    assemble::propagators,
    backend::pages,
    flags::{Logging, Metrics},
    process,
    telemetry::{Watch, target},
};
use crate::{
    admin::Readiness,
    config::{self, Config},
    fetchit::{Answer, CallError, Client, Exchange},
    server::{Drain, Server},
    telemetry::{logs, propagation::TraceId},
};
use clap::Args;
use lines::{Line, Lines};
use std::{io::Write as _, net::SocketAddr, sync::mpsc as answers, thread};
use tokio::sync::mpsc;

/// Send lines to fetchIt and print what comes back
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  trestle client
  trestle client --rest http://127.0.0.1:8080
  echo hello | trestle client

Answers go to stdout as `< HELLO`; everything else goes to stderr. Ctrl-D ends it, and Ctrl-C
on an empty line. When the lines do not come from a terminal, the exit code is 1 if any call
failed.")]
pub(super) struct Flags {
    /// The backend to call by gRPC
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:9988")]
    #[arg(conflicts_with = "rest")]
    backend: String,
    /// Call through a gateway by REST instead, and show what goes over HTTP
    #[arg(long, value_name = "URL", env = "TRESTLE_REST", hide_env_values = true)]
    #[arg(num_args = 0..=1, default_missing_value = "http://127.0.0.1:8080")]
    rest: Option<String>,
    /// Serve the client's own metrics and debug pages here
    #[arg(
        long,
        value_name = "ADDR",
        value_parser = config::address,
        env = "TRESTLE_ADMIN_LISTEN",
        hide_env_values = true
    )]
    admin_listen: Option<SocketAddr>,
    #[command(flatten)]
    metrics: Metrics,
    #[command(flatten)]
    logging: Logging,
}

/// A line to send, and where its answer goes.
struct Job {
    text: String,
    answer: answers::Sender<Done>,
}

/// A call that is over.
struct Done {
    trace: TraceId,
    result: Result<Answer, CallError>,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let mut config = Config::default();
    // What a call says is printed; the log would only say it again.
    config.logs.level = "error".parse().expect("a level");
    flags.logging.apply(&mut config);
    flags.metrics.apply(&mut config);
    propagators(&mut config);
    logs::init(&config.logs);
    let mut watch = Watch::start("fetchit-client", &config, target(&flags.backend))?;
    let (formats, telemetry) = (config.gateway.trace_formats, watch.telemetry().clone());
    let client = match &flags.rest {
        Some(gateway) => Client::rest(gateway, formats, &telemetry)
            .map_err(|error| Failure::usage(vec![format!("--rest: {error}")]))?,
        None => Client::grpc(&flags.backend, formats, &telemetry)
            .map_err(|error| Failure::usage(vec![error.to_string()]))?,
    };
    watch.publish()?;
    let admin = flags.admin_listen.map(|addr| {
        Server::bind(addr, process::admin_settings())
            .map_err(|error| Failure::bind("--admin-listen", &error))
    });
    let admin = admin.transpose()?;
    let lines = Lines::open().map_err(Failure::failed)?;
    let (jobs, queue) = mpsc::unbounded_channel();
    let runtime = process::runtime()?;
    let calls = thread::spawn(move || {
        runtime.block_on(async {
            if let Some(admin) = admin {
                eprintln!("metrics on http://{}/metrics", admin.local_addr());
                tokio::spawn(admin.run(pages(telemetry, Readiness::default()), Drain::new()));
            }
            serve(&client, queue).await;
        });
    });
    let outcome = converse(lines, &jobs);
    drop(jobs);
    calls
        .join()
        .map_err(|_| Failure::failed("the thread of the calls panicked"))?;
    watch.finish();
    outcome
}

/// Makes the calls, one after the other.
async fn serve(client: &Client, mut queue: mpsc::UnboundedReceiver<Job>) {
    while let Some(Job { text, answer }) = queue.recv().await {
        let (trace, result) = client.capitalize(text.as_bytes()).await;
        // Whoever asked waits; only a panic takes it away.
        let _ = answer.send(Done { trace, result });
    }
}

/// Reads lines and prints answers until no more lines come.
fn converse(mut lines: Lines, jobs: &mpsc::UnboundedSender<Job>) -> Result<(), Failure> {
    let terminal = lines.is_terminal();
    let mut failed = 0;
    while let Line::Text(text) = lines.next().map_err(Failure::failed)? {
        let (answer, answered) = answers::channel();
        let gone = || Failure::failed("the thread of the calls is gone");
        jobs.send(Job { text, answer }).map_err(|_| gone())?;
        let done = answered.recv().map_err(|_| gone())?;
        failed += usize::from(done.result.is_err());
        print(&done).map_err(Failure::failed)?;
    }
    match failed {
        1.. if !terminal => Err(Failure::failed(format!("{failed} of the calls failed"))),
        _ => Ok(()),
    }
}

fn print(Done { trace, result }: &Done) -> std::io::Result<()> {
    match result {
        Ok(Answer { text, exchange }) => {
            if let Some(exchange) = exchange {
                show(exchange);
            }
            let mut out = std::io::stdout().lock();
            out.write_all(b"< ")?;
            out.write_all(text)?;
            out.write_all(b"\n")?;
            out.flush()?;
        }
        Err(error) => {
            if let CallError::Rest(exchange) = error {
                show(exchange);
            }
            eprintln!("error: {error}");
        }
    }
    eprintln!("  trace {trace}\n");
    Ok(())
}

/// Both sides of an HTTP exchange.
fn show(exchange: &Exchange) {
    eprintln!("  {} {}", exchange.request, exchange.sent);
    eprintln!("  {} {}", exchange.status, exchange.received.trim_end());
}
