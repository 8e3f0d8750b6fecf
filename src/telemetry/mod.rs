//! What a call leaves behind for those who watch: the trace context that it
//! carries, the way of its spans to those who keep them, counts, examples, and the
//! log. Knows nothing of rules, descriptors or JSON.

pub mod debug;
pub mod export;
pub mod logs;
pub mod metrics;
pub mod observe;
pub mod propagation;
pub mod sampling;
pub mod span;
mod traced;
