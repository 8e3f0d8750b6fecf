//! Generates what is compared with: messages and services by tonic's generator,
//! ProtoJSON by pbjson's, and the descriptors of both.

use prost::Message as _;
use std::{env, fs, path::PathBuf};

/// Where `.proto` files are looked up, in order.
const ROOTS: [&str; 2] = ["../proto", "proto"];
/// The files in the descriptor set.
const FILES: [&str; 5] = [
    "rpc/fetch.proto",
    "shop.proto",
    "abuse.proto",
    "ticks.proto",
    "files.proto",
];
/// The packages to generate code for; the others are read by their descriptors.
const PACKAGES: [&str; 4] = ["rpc", "shop", "ticks", "files"];

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
    // The well-known types stay for their layout; `pbjson_types` has their code.
    set.file
        .retain(|file| file.package() == "google.protobuf" || PACKAGES.contains(&file.package()));
    pbjson_build::Builder::new()
        .register_descriptors(&encoded)?
        .build(&PACKAGES.map(|package| format!(".{package}")))?;
    tonic_prost_build::configure()
        .compile_well_known_types(true)
        .extern_path(".google.protobuf", "::pbjson_types")
        .extern_path(".google.api.HttpBody", "crate::files::HttpBody")
        .compile_fds(set)?;
    Ok(())
}
