//! Trestle puts an HTTP/JSON face on any gRPC server, from its descriptors, with
//! no generated code.
//!
//! # Layout
//!
//! The tree is the data flow; each room is a folder whose `mod.rs` is its face,
//! and a room imports only rooms that stand above it in this list
//! (`tests/layering.rs` holds it):
//!
//! | room | what it is for |
//! |---|---|
//! | [`yaml`] | YAML files as trees whose nodes know their places |
//! | [`transcode`] | JSON ⇄ protobuf wire along plans compiled once from descriptors |
//! | [`upstream`] | the gRPC backend as a function from bytes to bytes |
//! | [`telemetry`] | trace context, sampling, spans, metrics, their export; logs |
//! | [`rule`] | `google.api.http` rules and path templates, resolved to bindings |
//! | [`descriptors`] | where descriptors come from |
//! | [`route`] | method and path → binding and captures |
//! | [`openapi`] | bindings and plans described as an OpenAPI document |
//! | [`gateway`] | one HTTP exchange: route, build the request, call, answer |
//! | [`admin`] | health, metrics and debug pages |
//! | [`server`] | listeners, workers, connections, drain |
//! | [`config`] | what the operator said, made valid |
//! | [`fetchit`] | the demo backend |
//! | [`cli`] | one file a command; the only place that prints or exits |
//!
//! All that depends only on descriptors is decided at start-up, and every error
//! found there is reported at once. A request only walks tables.

// In the library only: test binaries have no outside for a `pub` to reach.
#![warn(unreachable_pub)]

pub mod yaml;
pub mod transcode;
pub mod upstream;
pub mod telemetry;
pub mod rule;
pub mod descriptors;
pub mod route;
pub mod openapi;
pub mod gateway;
pub mod admin;
pub mod server;
pub mod config;
pub mod fetchit;
pub mod cli;
