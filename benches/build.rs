//! Generates what a hand-written gateway would have: messages and services by
//! tonic's generator, and ProtoJSON by pbjson's.

use prost::Message as _;
use std::{env, fs, path::PathBuf};

/// Where `.proto` files are looked up, in order.
const ROOTS: [&str; 1] = ["../proto"];
/// The files to generate code for.
const FILES: [&str; 1] = ["rpc/fetch.proto"];
/// Their packages; imports of others are not generated.
const PACKAGES: [&str; 1] = ["rpc"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for root in ROOTS {
        println!("cargo::rerun-if-changed={root}");
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut compiler = protox::Compiler::new(ROOTS)?;
    compiler.include_imports(true);
    compiler.open_files(FILES)?;
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(out.join("benches.binpb"), &encoded)?;

    let mut set = prost_types::FileDescriptorSet::decode(encoded.as_slice())?;
    set.file.retain(|file| PACKAGES.contains(&file.package()));
    pbjson_build::Builder::new()
        .register_descriptors(&encoded)?
        .build(&PACKAGES.map(|package| format!(".{package}")))?;
    tonic_prost_build::configure().compile_fds(set)?;
    Ok(())
}
