//! fetchIt, the demo backend: a gRPC server that capitalizes what it is sent.
//! Knows nothing of the gateway.

/// The messages and the service of `proto/rpc/fetch.proto`, as generated.
#[allow(missing_docs, unreachable_pub, clippy::all)]
pub mod rpc {
    tonic::include_proto!("rpc");
}
