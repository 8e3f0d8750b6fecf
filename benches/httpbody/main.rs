//! A large upload and a large download through the gateway in a process of its own,
//! by google.api.HttpBody: how fast, and above all in how much memory. Whatever is
//! lost fails the bench.
//!
//! ```text
//! cargo bench -p trestle-benches --bench httpbody -- --mebibytes 1024
//! ```

mod client;

use clap::Parser;
use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;
use trestle_benches::process::Process;
use trestle_benches::programs::Programs;

/// The most memory above idle, in KiB.
const GOAL: u64 = 32 << 10;

/// What goes before, so that what the first stream brings about is there.
const WARM_UP: u64 = 1 << 20;

/// Measures trestle's raw bodies.
#[derive(Parser)]
struct Args {
    /// How much goes each way.
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    mebibytes: u64,
    /// What `cargo bench` passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the goal was met.
fn run(args: &Args) -> Result<bool, Box<dyn Error>> {
    let programs = Programs::build(env!("CARGO_BIN_EXE_store"))?;
    let store = programs.store()?;
    let gateway = programs.trestle(&format!("http://{}", store.address()))?;
    let bytes = args.mebibytes << 20;
    let mut is_met = true;
    for (name, transfer) in [
        ("upload", client::upload as Transfer),
        ("download", client::download),
    ] {
        transfer(gateway.address(), WARM_UP)?;
        is_met &= measure(&gateway, name, bytes, transfer)?;
    }
    Ok(is_met)
}

/// Moves so many bytes and says what it took to check that all arrived.
type Transfer = fn(std::net::SocketAddr, u64) -> Result<(), Box<dyn Error>>;

fn measure(
    gateway: &Process,
    name: &str,
    bytes: u64,
    transfer: Transfer,
) -> Result<bool, Box<dyn Error>> {
    gateway.forget_peak()?;
    let (idle, cpu) = (gateway.resident()?, gateway.cpu()?);
    let begun = Instant::now();
    transfer(gateway.address(), bytes)?;
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = (gateway.cpu()? - cpu).as_secs_f64();
    let above = gateway.peak()?.saturating_sub(idle);
    let mebibytes = bytes >> 20;
    let rate = mebibytes as f64 / seconds;
    let each = cpu * 1e6 / mebibytes as f64;
    println!(
        "{name}: {mebibytes} MiB in {seconds:.2} s, {rate:.0} MiB/s, {each:.0} µs CPU a MiB; \
         resident {idle} KiB idle, at most {above} KiB more"
    );
    let verdict = if above <= GOAL { "met" } else { "missed" };
    println!("goal: at most {GOAL} KiB more: {verdict}");
    Ok(above <= GOAL)
}
