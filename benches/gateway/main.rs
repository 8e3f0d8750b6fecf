//! The whole gateway beside a hand-written one, each in a process of its own in
//! front of one backend, under the same load in alternating rounds:
//!
//! ```text
//! cargo bench -p trestle-benches --bench gateway -- --rounds 8 --seconds 3
//! ```
//!
//! On a machine whose cores the load generator shares, rates say little; what
//! counts is the CPU that the gateway's process spends on a request.

mod load;
mod process;
mod report;

use clap::{Parser, ValueEnum};
use load::Load;
use process::Process;
use report::{Round, Series};
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

/// The service as trestle reads it.
const DESCRIPTORS: &str = concat!(env!("OUT_DIR"), "/benches.binpb");

/// Compares trestle with a hand-written gateway.
#[derive(Parser)]
struct Args {
    /// Rounds of each gateway.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seconds of a round.
    #[arg(long, default_value_t = 3.0, value_parser = seconds)]
    seconds: f64,
    /// Keep-alive HTTP/1.1 connections.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: u32,
    /// Measure this gateway alone.
    #[arg(long)]
    only: Option<Gateway>,
    /// What `cargo bench` passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Gateway {
    Trestle,
    Handwritten,
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

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let trestle = build_trestle()?;
    let backend = start_backend(&trestle)?;
    let url = format!("http://{}", backend.address());

    let mut contenders = Vec::new();
    if args.only != Some(Gateway::Handwritten) {
        contenders.push(contender("trestle", start_trestle(&trestle, &url)?, args)?);
    }
    if args.only != Some(Gateway::Trestle) {
        let process = start_handwritten(&url)?;
        contenders.push(contender("hand-written", process, args)?);
    }
    measure(&mut contenders, args)?;

    let series: Vec<&Series> = contenders
        .iter()
        .map(|contender| &contender.series)
        .collect();
    print!("{}", report::table(&series));
    Ok(())
}

/// A gateway under measurement.
struct Contender {
    process: Process,
    load: Load,
    series: Series,
}

fn contender(name: &'static str, process: Process, args: &Args) -> io::Result<Contender> {
    let load = Load::new(process.address(), args.connections)?;
    Ok(Contender {
        process,
        load,
        series: Series::new(name),
    })
}

/// Warms both up, then lets them take turns, so that what else the machine does
/// in a while falls on both.
fn measure(contenders: &mut [Contender], args: &Args) -> Result<(), Box<dyn Error>> {
    let duration = Duration::from_secs_f64(args.seconds);
    for round in 0..=args.rounds {
        for Contender {
            process,
            load,
            series,
        } in &mut *contenders
        {
            let before = process.cpu()?;
            let done = load
                .run(duration)
                .map_err(|error| format!("{}: {error}", series.name()))?;
            let cpu = process.cpu()?.saturating_sub(before);
            if round > 0 {
                let measured = Round::new(done.requests, done.elapsed, cpu);
                eprintln!("round {round}: {:<13}{measured}", series.name());
                series.push(measured);
            }
        }
    }
    Ok(())
}

// === processes ===

fn start_backend(trestle: &Path) -> Result<Process, Box<dyn Error>> {
    let mut command = Command::new(trestle);
    command.arg("backend");
    Process::start(command, process::free_address()?)
}

fn start_handwritten(upstream: &str) -> Result<Process, Box<dyn Error>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handwritten"));
    command.args(["--upstream", upstream]);
    Process::start(command, process::free_address()?)
}

fn start_trestle(path: &Path, upstream: &str) -> Result<Process, Box<dyn Error>> {
    let mut command = Command::new(path);
    command.args([
        "serve",
        "--upstream",
        upstream,
        "--descriptor-set",
        DESCRIPTORS,
    ]);
    command.args(["--admin-listen", "127.0.0.1:0"]);
    Process::start(command, process::free_address()?)
}

/// Builds the program as it is released; cargo puts it beside our own binaries.
fn build_trestle() -> Result<PathBuf, Box<dyn Error>> {
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--package",
            "trestle-gateway",
            "--bin",
            "trestle",
        ])
        .args([
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"),
        ])
        .status()?;
    if !status.success() {
        return Err(format!("cannot build trestle: cargo ended with {status}").into());
    }
    let path = Path::new(env!("CARGO_BIN_EXE_handwritten")).with_file_name("trestle");
    if !path.is_file() {
        return Err(format!("trestle was built, but is not at {}", path.display()).into());
    }
    Ok(path)
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("a number of seconds from 0.1 to 3600".to_owned()),
    }
}
