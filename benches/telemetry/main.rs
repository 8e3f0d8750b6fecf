//! What telemetry costs: the same gateway with every request recorded, exported and
//! counted, with none recorded, and with no telemetry at all, each in a process of
//! its own in front of one backend, under the same load in alternating rounds:
//!
//! ```text
//! cargo bench -p trestle-benches --bench telemetry -- --rounds 8 --seconds 3
//! ```
//!
//! What counts is the CPU that the gateway's process spends on a request, its export
//! included. Spans go by OTLP to a receiver in the bench's own process.

mod sink;

use clap::Parser;
use sink::Sink;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;
use trestle_benches::load::Load;
use trestle_benches::process::Process;
use trestle_benches::programs::Programs;
use trestle_benches::report::{self, Round, Series};

/// Compares the gateway with telemetry and without.
#[derive(Parser)]
struct Args {
    /// Rounds of each.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seconds of a round.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Keep-alive HTTP/1.1 connections.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: u32,
    /// What `cargo bench` passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A gateway under measurement.
struct Contender {
    process: Process,
    load: Load,
    series: Series,
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let programs = Programs::build(env!("CARGO_BIN_EXE_handwritten"))?;
    let sink = Sink::start()?;
    let backend = programs.fetchit()?;
    let url = format!("http://{}", backend.address());
    let endpoint = sink.url();
    let exporting = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_METRICS_EXPORTER", "none"),
        // As often as the queue needs it under this load.
        ("OTEL_BSP_MAX_QUEUE_SIZE", "65536"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4096"),
    ];
    let start = |name, environment: &[(&str, &str)], arguments: &[&str]| {
        let process = programs.trestle_with(&url, environment, arguments)?;
        let load = Load::new(process.address(), args.connections)?;
        Ok::<_, Box<dyn Error>>(Contender {
            process,
            load,
            series: Series::new(name),
        })
    };
    let mut contenders = [
        start("full", &exporting, &["--sample", "always"])?,
        start("unsampled", &exporting, &["--sample", "never"])?,
        start("off", &[("OTEL_SDK_DISABLED", "true")], &[])?,
    ];
    measure(&mut contenders, args)?;
    if sink.received() == 0 {
        return Err("no span has come out of the gateway".into());
    }
    let [full, unsampled, off] = &contenders;
    println!("full telemetry over none:");
    print!("{}", report::table("request", &[&full.series, &off.series]));
    println!("unsampled over none:");
    print!(
        "{}",
        report::table("request", &[&unsampled.series, &off.series])
    );
    println!("{} MiB of spans were received", sink.received() >> 20);
    Ok(())
}

/// Warms all up, then lets them take turns, so that what else the machine does in a
/// while falls on all.
fn measure(contenders: &mut [Contender], args: &Args) -> Result<(), Box<dyn Error>> {
    let duration = Duration::from_secs_f64(args.seconds);
    for round in 0..=args.rounds {
        for contender in &mut *contenders {
            let before = contender.process.cpu()?;
            let done = contender.load.run(duration)?;
            let cpu = contender.process.cpu()?.saturating_sub(before);
            if round > 0 {
                let measured = Round::new(done.requests, done.elapsed, cpu);
                let name = contender.series.name();
                eprintln!("round {round}: {name:<13}{measured}");
                contender.series.push(measured);
            }
        }
    }
    Ok(())
}
