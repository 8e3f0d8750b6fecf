//! Compiles `proto/` into descriptors, and into generated messages with
//! generated ProtoJSON.

use prost::Message as _;
use std::{env, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true);
    compiler.open_files(["shop.proto", "abuse.proto"])?;
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(out.join("benches.binpb"), &encoded)?;

    let mut set = prost_types::FileDescriptorSet::decode(encoded.as_slice())?;
    set.file.retain(|file| file.package() != "abuse");
    prost_build::Config::new()
        .compile_well_known_types()
        .extern_path(".google.protobuf", "::pbjson_types")
        .compile_fds(set)?;
    pbjson_build::Builder::new()
        .register_descriptors(&encoded)?
        .build(&[".shop"])?;
    Ok(())
}
