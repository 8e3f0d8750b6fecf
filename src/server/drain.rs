//! The one-way switch from serving to finishing, shared by all who must know.

use std::sync::Arc;
use tokio::sync::watch;

/// A handle on a drain. Clones are the same switch; it never goes back.
#[derive(Debug, Clone)]
pub struct Drain(Arc<watch::Sender<bool>>);

impl Drain {
    /// A drain that has not begun.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Begins the drain. Later calls change nothing.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether the drain has begun.
    pub fn is_draining(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns as soon as the drain has begun.
    pub async fn started(&self) {
        let mut begun = self.0.subscribe();
        // The sender lives as long as `self`, so this ends with the value only.
        let _ = begun.wait_for(|begun| *begun).await;
    }
}

impl Default for Drain {
    fn default() -> Self {
        Self::new()
    }
}
