//! One receiver of one signal: encoded messages go there, by whichever carrier
//! the settings choose, and are retried within their time.

use super::{
    super::{Error, auth::Auth},
    Protocol, Refusal, Settings, Signal, grpc, http,
    retry::Patience,
};
use bytes::Bytes;
use std::time::Duration;

/// The way to one receiver of one signal.
#[derive(Debug)]
pub struct Transport {
    carrier: Carrier,
    timeout: Duration,
}

#[derive(Debug)]
enum Carrier {
    Grpc(grpc::Carrier),
    Http(http::Carrier),
}

impl Transport {
    /// The way to the receiver that `settings` name. Connects when it has to send.
    ///
    /// # Errors
    ///
    /// When certificates cannot be read.
    pub fn new(settings: &Settings, signal: Signal) -> Result<Self, Error> {
        Self::authorized(settings, signal, Auth::Headers)
    }

    /// The same for a receiver that asks for more than headers.
    pub(in super::super) fn authorized(
        settings: &Settings,
        signal: Signal,
        auth: Auth,
    ) -> Result<Self, Error> {
        let carrier = match settings.protocol {
            Protocol::Grpc => Carrier::Grpc(grpc::Carrier::new(settings, signal)?),
            Protocol::Http => Carrier::Http(http::Carrier::new(settings, auth)?),
        };
        Ok(Self {
            carrier,
            timeout: settings.timeout,
        })
    }

    /// Sends one encoded `Export…ServiceRequest`; answers with the encoded
    /// `Export…ServiceResponse`. Must be called in a runtime of tokio's.
    ///
    /// # Errors
    ///
    /// When the receiver refuses the message for good, or has not taken it in its
    /// time.
    pub async fn send(&mut self, message: Bytes) -> Result<Bytes, Refusal> {
        let message = self.carrier.pack(message);
        let mut patience = Patience::new(self.timeout);
        loop {
            let attempt = self.carrier.send(message.clone());
            match patience.attempt(attempt).await {
                Ok(answer) => return Ok(answer),
                Err(refusal) => patience.again(refusal).await?,
            }
        }
    }
}

impl Carrier {
    /// The message as each attempt sends it.
    fn pack(&self, message: Bytes) -> Bytes {
        match self {
            Carrier::Grpc(_) => message,
            Carrier::Http(carrier) => carrier.pack(message),
        }
    }

    async fn send(&mut self, message: Bytes) -> Result<Bytes, Refusal> {
        match self {
            Carrier::Grpc(carrier) => carrier.send(message).await,
            Carrier::Http(carrier) => carrier.send(message).await,
        }
    }
}
