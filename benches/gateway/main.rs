//! The whole gateway beside a hand-written one, each in a process of its own in
//! front of one backend, under the same load in alternating rounds:
//!
//! ```text
//! cargo bench -p trestle-benches --bench gateway -- --rounds 8 --seconds 3
//! ```
//!
//! On a machine whose cores the load generator shares, rates say little; what
//! counts is the CPU that the gateway's process spends on a request.

use clap::{Parser, ValueEnum};
use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::time::Duration;
use trestle_benches::load::Load;
use trestle_benches::process::Process;
use trestle_benches::programs::Programs;
use trestle_benches::report::{self, Round, Series};

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
    let programs = Programs::build(env!("CARGO_BIN_EXE_handwritten"))?;
    let backend = programs.fetchit()?;
    let url = format!("http://{}", backend.address());

    let mut contenders = Vec::new();
    if args.only != Some(Gateway::Handwritten) {
        contenders.push(contender("trestle", programs.trestle(&url)?, args)?);
    }
    if args.only != Some(Gateway::Trestle) {
        let process = programs.handwritten(&url)?;
        contenders.push(contender("hand-written", process, args)?);
    }
    measure(&mut contenders, args)?;

    let series: Vec<&Series> = contenders
        .iter()
        .map(|contender| &contender.series)
        .collect();
    print!("{}", report::table("request", &series));
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

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("a number of seconds from 0.1 to 3600".to_owned()),
    }
}
