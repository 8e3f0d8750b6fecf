//! Descriptor sets of protobuf editions: real ones against their twins in proto2 and
//! proto3, and ones made by hand for what no compiler writes.
#![allow(clippy::unwrap_used)]

mod by_hand;
mod twins;
