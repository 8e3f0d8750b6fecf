//! One long stream, as fast as it goes: what a message costs the gateway, beside
//! the hand-written one, and whether memory stays where it was.

use crate::client::Client;
use std::error::Error;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use trestle_benches::process::Process;
use trestle_benches::report::{self, Round, Series};

/// The most that a message may cost beside the hand-written gateway.
const RATIO: f64 = 0.6;
/// Streams in a round, one after the other: the clock of CPU time is coarse.
const STREAMS: u64 = 10;

struct Contender<'a> {
    process: &'a Process,
    series: Series,
    /// Resident memory after the warm-up, in KiB.
    before: u64,
}

/// Lets the gateways take turns, so that what else the machine does in a while
/// falls on all.
pub(crate) fn run(
    runtime: &Runtime,
    gateways: &[(&'static str, &Process)],
    messages: u64,
    rounds: u32,
) -> Result<(), Box<dyn Error>> {
    let mut contenders: Vec<_> = gateways
        .iter()
        .map(|(name, process)| Contender {
            process,
            series: Series::new(name),
            before: 0,
        })
        .collect();
    for round in 0..=rounds {
        for contender in &mut contenders {
            let name = contender.series.name();
            let measured = measure(runtime, contender.process, messages)
                .map_err(|error| format!("{name}: {error}"))?;
            if round == 0 {
                contender.before = contender.process.resident()?;
                continue;
            }
            eprintln!("round {round}: {name:<13}{measured}");
            contender.series.push(measured);
        }
    }
    let series: Vec<&Series> = contenders.iter().map(|one| &one.series).collect();
    println!("\n{messages} messages through one stream, {rounds} rounds of {STREAMS} streams");
    print!("{}", report::table("message", &series));
    if let [first, second] = &series[..]
        && let Some(ratio) = report::cpu_ratio(first, second)
    {
        println!("goal: CPU ratio ≤ {RATIO}: {}", crate::met(ratio <= RATIO));
    }
    for Contender {
        process,
        series,
        before,
    } in &contenders
    {
        let after = process.resident()?;
        println!(
            "{}: resident {before} KiB before, {after} KiB after",
            series.name()
        );
    }
    Ok(())
}

fn measure(runtime: &Runtime, gateway: &Process, messages: u64) -> Result<Round, Box<dyn Error>> {
    let before = gateway.cpu()?;
    let start = Instant::now();
    for _ in 0..STREAMS {
        runtime.block_on(read(gateway, messages))?;
    }
    let elapsed = start.elapsed();
    let cpu = gateway.cpu()?.saturating_sub(before);
    Ok(Round::new(messages * STREAMS, elapsed, cpu))
}

async fn read(gateway: &Process, messages: u64) -> Result<(), String> {
    let client = Client::connect(gateway.address()).await?;
    let mut ticks = client.watch(messages, Duration::ZERO).await?;
    while ticks.advance().await? {}
    match ticks.count() {
        count if count == messages => Ok(()),
        count => Err(format!("{count} messages of {messages}")),
    }
}
