//! How a server tells its WebSockets that it is finishing. What they do then is
//! theirs to know: they close with 1001, which asks a client to connect again.

use tokio::sync::watch;

/// Put by a server into the extensions of a request that asks for an upgrade, to
/// say when the connection is to end. Without one a WebSocket lives until its call
/// does.
///
/// [`server`](crate::server) does this by itself. An application that serves the
/// gateway's router with another server may add it with `axum::Extension`, from a
/// channel into which it sends `true` when it begins to shut down.
#[derive(Debug, Clone)]
pub struct GoingAway(watch::Receiver<bool>);

impl GoingAway {
    /// Begins when the channel's value is `true`.
    pub fn new(begun: watch::Receiver<bool>) -> Self {
        Self(begun)
    }

    /// Returns once it has begun; never, when its sender is gone before.
    pub(super) async fn begun(mut self) {
        if self.0.wait_for(|begun| *begun).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
