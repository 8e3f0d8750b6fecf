//! `trestle check`: whether the configuration, the descriptors and the rules
//! hold, without listening or connecting.

use super::{
    Failure,
    assemble::{Assembled, Given, assemble},
    flags::{Exchange, Listening, Sources},
};
use clap::Args;

/// Check configuration, descriptors and rules; report every fault
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  trestle check --config trestle.yaml
  trestle check --descriptor-set api.binpb

The exit code is 0 when all is well and 2 when something is not.")]
pub(super) struct Flags {
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    listening: Listening,
    #[command(flatten)]
    exchange: Exchange,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let Assembled { gateway, .. } = assemble(Given {
        sources: &flags.sources,
        listening: Some(&flags.listening),
        exchange: Some(&flags.exchange),
        logging: None,
        metrics: None,
        tracing: None,
        needs_upstream: false,
    })?;
    let mut methods: Vec<_> = gateway
        .routes()
        .iter()
        .map(|route| &route.method.full_name)
        .collect();
    methods.sort_unstable();
    methods.dedup();
    let routes = counted(gateway.routes().len(), "route");
    println!("ok: {routes} to {}", counted(methods.len(), "method"));
    Ok(())
}

fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}
