//! The connections for streams, apart from those for unary calls: a stream that is
//! read slowly keeps data waiting on its connection, and no unary call may wait
//! behind it. A connection takes up to a hundred streams, then there is another.

use super::channel::Channel;
use super::endpoint::Endpoint;
use super::settings::Settings;
use std::sync::{Arc, Mutex, PoisonError};

/// Streams on one connection; what most servers allow.
const STREAMS: usize = 100;

/// HTTP/2 window of one streamed reply. Small, since it is what a reader that has
/// stopped leaves waiting here.
const STREAM_WINDOW: u32 = 64 << 10;

/// HTTP/2 window of a connection of streams: as good as none, since the windows of
/// its streams bound what waits. h2 takes half of it as its budget for small
/// frames, and closes the connection of whoever exceeds that.
const CONNECTION_WINDOW: u32 = 1 << 30;

/// Channels to one endpoint, as many as its streams need.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    endpoint: Endpoint,
    settings: Settings,
    channels: Arc<Mutex<Vec<Channel>>>,
}

impl Pool {
    pub(super) fn new(endpoint: Endpoint, settings: &Settings) -> Self {
        let settings = Settings {
            stream_window: STREAM_WINDOW,
            connection_window: CONNECTION_WINDOW,
            ..settings.clone()
        };
        Self {
            endpoint,
            settings,
            channels: Arc::default(),
        }
    }

    /// The same endpoint with connections of its own.
    pub(super) fn separate(&self) -> Self {
        Self {
            channels: Arc::default(),
            ..self.clone()
        }
    }

    /// A channel with room for one more stream.
    pub(super) fn channel(&self) -> Channel {
        // No code panics while it holds the lock, so a poisoned one is still sound.
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = channels.iter().find(|channel| channel.running() < STREAMS) {
            return channel.clone();
        }
        let channel = Channel::new(self.endpoint.clone(), self.settings.clone());
        channels.push(channel.clone());
        channel
    }
}
