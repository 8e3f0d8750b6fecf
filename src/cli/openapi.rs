//! `trestle openapi`: the OpenAPI document of what would be served.

use super::{
    Failure,
    assemble::{Assembled, Given, assemble},
    flags::{Exchange, Sources},
};
use crate::openapi::Version;
use clap::{Args, ValueEnum};
use std::{fs, path::PathBuf};

/// Print the OpenAPI document of what would be served
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  trestle openapi --descriptor-set api.binpb > openapi.json
  trestle openapi --proto api/v1/books.proto --proto-path api --format yaml -o openapi.yaml
  trestle openapi --descriptor-set api.binpb --version 3.0 -o openapi.json
  trestle openapi --config trestle.yaml --check openapi.yaml --format yaml

With --check nothing is written; the exit code is 1 when the file is not what would be.")]
pub(super) struct Flags {
    /// How to write it
    #[arg(long, value_enum, default_value = "json")]
    #[arg(env = "TRESTLE_FORMAT", hide_env_values = true)]
    format: Format,
    /// Which OpenAPI to write: 3.0 or 3.1
    #[arg(long, value_name = "VERSION", default_value = "3.1")]
    #[arg(env = "TRESTLE_VERSION", hide_env_values = true)]
    version: Version,
    /// Write to a file, not to stdout
    #[arg(short, long, value_name = "FILE")]
    #[arg(env = "TRESTLE_OUTPUT", hide_env_values = true)]
    output: Option<PathBuf>,
    /// Compare with a file, for CI
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    #[arg(env = "TRESTLE_CHECK", hide_env_values = true)]
    check: Option<PathBuf>,
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    exchange: Exchange,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Yaml,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let Assembled { gateway, .. } = assemble(Given {
        sources: &flags.sources,
        listening: None,
        exchange: Some(&flags.exchange),
        metrics: None,
        logging: None,
        tracing: None,
        needs_upstream: false,
    })?;
    let document = gateway.openapi();
    for omitted in document.omitted() {
        eprintln!("warning: not in the document: {omitted}");
    }
    let text = match flags.format {
        Format::Json => document.to_json(flags.version),
        Format::Yaml => document.to_yaml(flags.version),
    };
    if let Some(path) = &flags.check {
        let there = fs::read_to_string(path)
            .map_err(|error| Failure::failed(format!("cannot read {}: {error}", path.display())))?;
        return match there == text {
            true => Ok(()),
            false => Err(
                Failure::failed(format!("{} is not up to date", path.display()))
                    .help("write it anew with the same flags and -o in place of --check"),
            ),
        };
    }
    match &flags.output {
        None => print!("{text}"),
        Some(path) => fs::write(path, text).map_err(|error| {
            Failure::failed(format!("cannot write {}: {error}", path.display()))
        })?,
    }
    Ok(())
}
