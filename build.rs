//! Compiles `proto/` without protoc: one descriptor set with source info, which
//! the library embeds, and the fetchIt messages and service as Rust code.

use prost::Message as _;
use std::{env, fs, path::PathBuf};

const FILES: [&str; 9] = [
    "rpc/fetch.proto",
    "google/api/annotations.proto",
    "google/api/client.proto",
    "google/api/field_behavior.proto",
    "google/api/httpbody.proto",
    "google/api/resource.proto",
    "google/api/visibility.proto",
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(FILES)?;

    // The encoded form keeps `google.api.http`; decoding it into prost's types
    // drops the option, which is harmless for code generation only.
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(out.join("trestle.binpb"), &encoded)?;

    let mut set = prost_types::FileDescriptorSet::decode(encoded.as_slice())?;
    set.file.retain(|file| file.package() == "rpc");
    tonic_prost_build::configure().compile_fds(set)?;
    Ok(())
}
