//! Many open streams on which nothing happens, each with its own connection: what
//! one takes of the gateway's memory.

use crate::client::{Client, Ticks};
use std::error::Error;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use trestle_benches::process::Process;

/// The most that a stream may take, in KiB.
const GOAL: f64 = 20.0;
/// Longer than the bench runs.
const SILENCE: Duration = Duration::from_secs(3600);
/// How many are being opened at a time.
const AT_ONCE: usize = 50;

/// Opens the streams and compares the memory of before and after.
pub(crate) fn run(
    runtime: &Runtime,
    gateways: &[(&'static str, &Process)],
    streams: usize,
) -> Result<(), Box<dyn Error>> {
    println!("\n{streams} idle streams");
    for (index, (name, gateway)) in gateways.iter().enumerate() {
        let fault = |error| format!("{name}: {error}");
        // What the first stream brings about, the others share.
        let first = runtime.block_on(open(gateway, 1)).map_err(fault)?;
        let before = gateway.resident()?;
        let open = runtime.block_on(open(gateway, streams)).map_err(fault)?;
        let after = gateway.resident()?;
        drop((first, open));
        let each = (after as f64 - before as f64) / streams as f64;
        println!("{name}: resident {before} KiB before, {after} KiB after, {each:.1} KiB a stream");
        if index == 0 {
            println!("goal: ≤ {GOAL} KiB a stream: {}", crate::met(each <= GOAL));
        }
    }
    Ok(())
}

/// Opens streams; each has had its first message and waits for the second.
async fn open(gateway: &Process, count: usize) -> Result<Vec<Ticks>, String> {
    let mut streams = Vec::new();
    let mut opening = JoinSet::new();
    let address = gateway.address();
    for begun in 0..count + AT_ONCE {
        if begun < count {
            opening.spawn(async move {
                let mut ticks = Client::connect(address).await?.watch(0, SILENCE).await?;
                while ticks.count() == 0 && ticks.advance().await? {}
                match ticks.count() {
                    1 => Ok(ticks),
                    count => Err(format!("{count} ticks instead of the first")),
                }
            });
        }
        if begun + 1 >= AT_ONCE
            && let Some(opened) = opening.join_next().await
        {
            streams.push(opened.map_err(|error| error.to_string())??);
        }
    }
    Ok(streams)
}
