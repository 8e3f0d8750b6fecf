//! What an operator may choose about the way to the backend.

use std::time::Duration;

/// Limits and times of the upstream channel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How long one attempt to connect may take, name resolution included.
    pub connect_timeout: Duration,
    /// The pause after the first failed attempt; it grows by 1.6 with each
    /// further one, ±20 %. Calls made during a pause fail at once.
    pub backoff_min: Duration,
    /// The longest pause between two attempts.
    pub backoff_max: Duration,
    /// How often a connection that has calls running is pinged.
    pub keepalive_interval: Duration,
    /// How long a ping may stay unanswered before the connection is given up.
    pub keepalive_timeout: Duration,
    /// The largest reply message, in bytes.
    pub max_reply_message: usize,
    /// The largest header block or trailer block of a reply, in bytes.
    pub max_reply_headers: u32,
    /// HTTP/2 window of one reply, in bytes.
    pub stream_window: u32,
    /// HTTP/2 window of all replies of a connection, in bytes. It is large
    /// because h2 takes half of it as its budget for small frames.
    pub connection_window: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(1),
            backoff_min: Duration::from_millis(100),
            backoff_max: Duration::from_secs(30),
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(10),
            max_reply_message: 4 << 20,
            max_reply_headers: 64 << 10,
            stream_window: 2 << 20,
            connection_window: 16 << 20,
        }
    }
}
