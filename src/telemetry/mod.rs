//! What a call leaves behind for those who watch: the trace context that it
//! carries. Knows nothing of rules, descriptors or JSON.

pub mod propagation;
