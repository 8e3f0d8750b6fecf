//! The transcoder through its face: JSON content both ways, text, required
//! fields, errors, and a comparison with an independent implementation.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fixture;
mod values;
