//! Sending documents. A datagram has no answer; that nobody listens is heard of at
//! the next one, as a refused connection.

use super::{
    super::{Destination, Exporting, Loss},
    document::Encoder,
};
use opentelemetry_sdk::{Resource, trace::SpanData};
use std::{io, net::SocketAddr};
use tokio::net::{UdpSocket, lookup_host};

const HEADER: &[u8] = b"{\"format\": \"json\", \"version\": 1}\n";
/// The daemon reads 64 KB of a datagram; IPv4 carries 65,507 bytes.
const MAX_DATAGRAM: usize = 65_000;

#[derive(Debug)]
pub(in super::super) struct Daemon {
    address: String,
    encoder: Encoder,
    socket: Option<UdpSocket>,
}

impl Daemon {
    pub(in super::super) fn new(address: &str, resource: &Resource) -> Self {
        Self {
            address: address.to_owned(),
            encoder: Encoder::new(resource, MAX_DATAGRAM - HEADER.len()),
            socket: None,
        }
    }

    async fn send_all(&mut self, batch: Vec<SpanData>) -> Result<(), Loss> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => connect(&self.address)
                .await
                .map_err(|error| Loss::new(batch.len(), self.explain(&error)))?,
        };
        let mut lost = 0;
        let mut reason = None;
        for span in &batch {
            if let Err(error) = send(&socket, &self.datagram(span)).await {
                lost += 1;
                reason.get_or_insert_with(|| self.explain(&error));
            }
        }
        if reason.is_none() {
            self.socket = Some(socket);
            return Ok(());
        }
        // The address may have another meaning by the next batch: it is looked up again.
        Err(Loss::new(lost, reason.unwrap_or_default()))
    }

    fn datagram(&self, span: &SpanData) -> Vec<u8> {
        let mut datagram = HEADER.to_vec();
        datagram.extend(self.encoder.document(span));
        datagram
    }

    fn explain(&self, error: &io::Error) -> String {
        let hint = match error.kind() {
            io::ErrorKind::ConnectionRefused => "; is the X-Ray daemon running there?",
            _ => "",
        };
        format!("udp {}: {error}{hint}", self.address)
    }
}

impl Destination for Daemon {
    fn name(&self) -> &'static str {
        "xray-daemon"
    }

    fn export(&mut self, batch: Vec<SpanData>) -> Exporting<'_> {
        Box::pin(self.send_all(batch))
    }
}

async fn connect(address: &str) -> io::Result<UdpSocket> {
    let found = lookup_host(address).await?.next();
    let to = found.ok_or_else(|| io::Error::other("the name has no address"))?;
    let from: SocketAddr = match to {
        SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
    };
    let socket = UdpSocket::bind(from).await?;
    socket.connect(to).await?;
    Ok(socket)
}

/// A refusal is that of the datagram before: this one goes all the same, and that
/// one is the loss to count.
async fn send(socket: &UdpSocket, datagram: &[u8]) -> io::Result<()> {
    match socket.send(datagram).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            // Refused once more, it is counted with its successor.
            let _ = socket.send(datagram).await;
            Err(error)
        }
        Err(error) => Err(error),
    }
}
