//! Slow streams without end beside unary calls at a steady rate: whether either
//! gets into the other's way.

use crate::client::Client;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};
use trestle_benches::process::Process;

const READERS: u32 = 20;
const PERIOD: Duration = Duration::from_secs(1);
/// Connections that the unary calls come on, in turns.
const CALLERS: u32 = 10;
/// The pause between two unary calls of all callers together: a hundred a second.
const PAUSE: Duration = Duration::from_millis(10);

/// Runs both for a while. No call may fail, and no reader may miss a message.
pub(crate) fn run(
    runtime: &Runtime,
    gateways: &[(&'static str, &Process)],
    duration: Duration,
) -> Result<(), Box<dyn Error>> {
    println!("\n{READERS} streams at one message a second, 100 unary calls a second beside them");
    for (name, gateway) in gateways {
        let (messages, mut times) = runtime
            .block_on(both(gateway.address(), duration))
            .map_err(|error| format!("{name}: {error}"))?;
        times.sort_unstable();
        let at = |part: usize| times[(times.len() * part / 1000).min(times.len() - 1)];
        println!(
            "{name}: {messages} messages, {} unary calls, none failed; median {:?}, p99 {:?}, most {:?}",
            times.len(),
            at(500),
            at(990),
            at(1000),
        );
    }
    Ok(())
}

async fn both(address: SocketAddr, duration: Duration) -> Result<(u64, Vec<Duration>), String> {
    let start = Instant::now();
    let end = start + duration;
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        readers.spawn(read(address, end));
    }
    let mut callers = JoinSet::new();
    for index in 0..CALLERS {
        callers.spawn(call(address, start + PAUSE * index, end));
    }
    let mut times = Vec::new();
    while let Some(called) = callers.join_next().await {
        times.extend(called.map_err(|error| error.to_string())??);
    }
    let mut messages = 0;
    while let Some(count) = readers.join_next().await {
        messages += count.map_err(|error| error.to_string())??;
    }
    Ok((messages, times))
}

/// Reads a stream to the end of the time; it must have been on time to the last.
async fn read(address: SocketAddr, end: Instant) -> Result<u64, String> {
    let client = Client::connect(address).await?;
    let begun = Instant::now();
    let mut ticks = client.watch(0, PERIOD).await?;
    loop {
        match timeout_at(end, ticks.advance()).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => return Err("an endless stream has ended".to_owned()),
            Ok(Err(error)) => return Err(error),
            Err(_) => break,
        }
    }
    let due = begun.elapsed().as_secs() / PERIOD.as_secs();
    match ticks.count() {
        count if count < due => Err(format!("{count} messages of {due}")),
        count => Ok(count),
    }
}

/// Calls at fixed times and measures from them, so that a call which is late for
/// the sake of the one before counts as slow.
async fn call(address: SocketAddr, first: Instant, end: Instant) -> Result<Vec<Duration>, String> {
    let mut client = Client::connect(address).await?;
    let mut times = Vec::new();
    let mut at = first;
    while at < end {
        sleep_until(at).await;
        client.first().await?;
        times.push(at.elapsed());
        at += PAUSE * CALLERS;
    }
    Ok(times)
}
