//! The transcoder through its face: JSON content both ways, text, required
//! fields, errors, and a comparison with an independent implementation.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod arbitrary;
mod editions;
mod fixture;
mod oracle;
mod properties;
mod read_errors;
mod replay;
mod required;
mod text;
mod values;
mod wire_errors;
mod wire_shapes;
