//! What a call leaves behind for those who watch: the trace context that it
//! carries, and the log. Knows nothing of rules, descriptors or JSON.

pub mod debug;
pub mod logs;
pub mod metrics;
pub mod propagation;
