//! fetchIt, the demo backend: a gRPC server that capitalizes what it is sent,
//! with health and reflection; and a client of it. Knows nothing of the gateway.

mod about;
mod backend;
mod calls;
mod capitalize;
mod client;
mod incoming;
mod reflection;

pub use about::about;
pub use backend::{Backend, Settings, routes, watched};
pub use capitalize::FetchIt;
pub use client::{Answer, CallError, Client, Exchange};

/// The messages and the service of `proto/rpc/fetch.proto`, as generated.
#[allow(missing_docs, unreachable_pub, clippy::all)]
pub mod rpc {
    tonic::include_proto!("rpc");
}
