//! Benchmarks of trestle, each its own bench target, and what they share: the
//! generated code that they compare with, the load, the processes that they start, and the
//! table of their rounds.

pub mod load;
pub mod process;
pub mod programs;
pub mod report;

/// The `rpc` package as tonic and pbjson generate it.
pub mod rpc {
    #![allow(missing_docs, clippy::all)]
    include!(concat!(env!("OUT_DIR"), "/rpc.rs"));
    include!(concat!(env!("OUT_DIR"), "/rpc.serde.rs"));
}

/// The `ticks` package, the same way.
pub mod ticks {
    #![allow(missing_docs, clippy::all)]
    include!(concat!(env!("OUT_DIR"), "/ticks.rs"));
    include!(concat!(env!("OUT_DIR"), "/ticks.serde.rs"));

    /// The text of every tick of the bench's backend.
    pub const TEXT: &str = "the quick brown fox jumps over";
}

/// The `files` package, the same way.
pub mod files {
    #![allow(missing_docs, clippy::all)]
    include!(concat!(env!("OUT_DIR"), "/files.rs"));

    /// `google.api.HttpBody`, as far as it is of use here.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct HttpBody {
        #[prost(string, tag = "1")]
        pub content_type: String,
        #[prost(bytes = "vec", tag = "2")]
        pub data: Vec<u8>,
    }
}
