//! Benchmarks of trestle, each its own bench target, and the generated code
//! that they compare with.

/// The `rpc` package as tonic and pbjson generate it.
pub mod rpc {
    #![allow(missing_docs, clippy::all)]
    include!(concat!(env!("OUT_DIR"), "/rpc.rs"));
    include!(concat!(env!("OUT_DIR"), "/rpc.serde.rs"));
}
