//! fetchIt, the demo backend: a gRPC server that capitalizes what it is sent,
//! with health and reflection. Knows nothing of the gateway.

mod backend;
mod capitalize;
mod incoming;
mod reflection;

pub use backend::{Backend, Settings, routes, watched};
pub use capitalize::FetchIt;

/// The messages and the service of `proto/rpc/fetch.proto`, as generated.
#[allow(missing_docs, unreachable_pub, clippy::all)]
pub mod rpc {
    tonic::include_proto!("rpc");
}
