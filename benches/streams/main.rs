//! Streams through the whole gateway, each program in a process of its own: one
//! that is long, many that are idle, and some beside unary calls. Whatever is lost
//! or wrong fails the bench.
//!
//! ```text
//! cargo bench -p trestle-benches --bench streams -- --rounds 8
//! ```
//!
//! On a machine whose cores backend and reader share, rates say little; what
//! counts is the CPU that the gateway's process spends on a message.

mod beside;
mod client;
mod idle;
mod long;

use clap::{Parser, ValueEnum};
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::Builder;
use trestle_benches::process::Process;
use trestle_benches::programs::Programs;

/// Measures trestle's streams.
#[derive(Parser)]
struct Args {
    /// Messages of the long stream.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..))]
    messages: u64,
    /// Rounds of the long stream through each gateway.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Idle streams.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..))]
    streams: u16,
    /// Seconds of streams beside unary calls.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=600))]
    seconds: u16,
    /// Run this part alone.
    #[arg(long)]
    part: Option<Part>,
    /// Measure this gateway alone.
    #[arg(long)]
    only: Option<Gateway>,
    /// What `cargo bench` passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Long,
    Idle,
    Beside,
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

/// A part of the bench: what it does with the gateways, by name.
type Measure<'a> = dyn Fn(&[(&'static str, &Process)]) -> Result<(), Box<dyn Error>> + 'a;

/// Each part has gateways of its own, so that none sees what another left behind.
fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let programs = Programs::build(env!("CARGO_BIN_EXE_handwritten"))?;
    let backend = programs.ticker()?;
    let url = format!("http://{}", backend.address());
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let is_wanted = |part| args.part.is_none_or(|wanted| wanted == part);
    let with = |measure: &Measure| {
        let gateways = start(&programs, &url, args.only)?;
        let borrowed: Vec<_> = gateways.iter().map(|(name, one)| (*name, one)).collect();
        measure(&borrowed)
    };
    if is_wanted(Part::Long) {
        with(&|gateways| long::run(&runtime, gateways, args.messages, args.rounds))?;
    }
    if is_wanted(Part::Idle) {
        with(&|gateways| idle::run(&runtime, gateways, args.streams.into()))?;
    }
    if is_wanted(Part::Beside) {
        let duration = Duration::from_secs(args.seconds.into());
        with(&|gateways| beside::run(&runtime, gateways, duration))?;
    }
    Ok(())
}

fn start(
    programs: &Programs,
    upstream: &str,
    only: Option<Gateway>,
) -> Result<Vec<(&'static str, Process)>, Box<dyn Error>> {
    let mut gateways = Vec::new();
    if only != Some(Gateway::Handwritten) {
        gateways.push(("trestle", programs.trestle(upstream)?));
    }
    if only != Some(Gateway::Trestle) {
        gateways.push(("hand-written", programs.handwritten(upstream)?));
    }
    Ok(gateways)
}

fn met(goal: bool) -> &'static str {
    if goal { "met" } else { "missed" }
}
