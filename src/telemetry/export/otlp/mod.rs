//! OTLP, by gRPC or by HTTP: a message on its way with its retries, and spans as
//! such messages. What is in a message of metrics is for others.

mod grpc;
mod http;
mod retry;
mod settings;
mod spans;
mod transport;

pub use retry::Refusal;
pub use settings::{Protocol, Settings, Signal, Tls};
pub use transport::Transport;

pub(super) use spans::Spans;
