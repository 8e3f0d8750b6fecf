//! `trestle serve`: the gateway.

use super::{
    Failure,
    assemble::{Assembled, Given, assemble},
    banner::{Banner, Documents, typed},
    example,
    flags::{Exchange, Listening, Logging, Metrics, Sources},
    process::{self, Listeners},
    telemetry::Tracing,
};
use crate::server::Drain;
use clap::Args;

/// Serve a backend's gRPC API as HTTP/JSON
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  trestle serve --upstream http://127.0.0.1:9988 --descriptor-set api.binpb
  trestle serve --upstream http://127.0.0.1:9988 --proto api/v1/books.proto --proto-path api
  trestle serve --upstream http://127.0.0.1:9988 --descriptor-set api.binpb --rules rest.yaml
  trestle serve --upstream http://127.0.0.1:9988 --descriptor-set api.binpb --auto-map
  trestle serve --config trestle.yaml --listen 0.0.0.0:8080

A descriptor set comes from protoc or buf:
  protoc --include_imports --include_source_info --descriptor_set_out=api.binpb -I DIR FILE.proto
  buf build -o api.binpb

SIGTERM and SIGINT drain: readiness goes, connections finish, the exit code is 0.
A second signal leaves at once.")]
pub(super) struct Flags {
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    listening: Listening,
    #[command(flatten)]
    exchange: Exchange,
    #[command(flatten)]
    tracing: Tracing,
    #[command(flatten)]
    logging: Logging,
    #[command(flatten)]
    metrics: Metrics,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let Assembled {
        config,
        gateway,
        mut watch,
    } = assemble(Given {
        sources: &flags.sources,
        listening: Some(&flags.listening),
        exchange: Some(&flags.exchange),
        logging: Some(&flags.logging),
        metrics: Some(&flags.metrics),
        tracing: Some(&flags.tracing),
        needs_upstream: true,
    })?;
    let listeners = Listeners::bind(&config)?;
    let addr = listeners.gateway.local_addr();
    let documents = Documents::of(&config);
    let mut banner = Banner::new(config.logs.format)
        .address("gateway", addr)
        .address("admin", listeners.admin.local_addr())
        .line("upstream", config.upstream_url.unwrap_or_default())
        .line("routes", gateway.routes().len())
        .docs(addr, documents);
    if let Some(curl) = example::curl(gateway.routes(), &typed(addr)) {
        banner = banner.line("try", curl);
    }
    watch.publish()?;
    process::run(
        listeners,
        &gateway,
        watch.telemetry(),
        &banner,
        Drain::new(),
    )?;
    watch.finish();
    Ok(())
}
