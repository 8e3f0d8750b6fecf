//! A receiver of OTLP over HTTP that takes everything and keeps nothing but the
//! count, so that what the gateway spends on its export is spent.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

/// A running receiver.
pub(crate) struct Sink {
    address: SocketAddr,
    received: Arc<AtomicU64>,
}

impl Sink {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let received = Arc::<AtomicU64>::default();
        let counted = received.clone();
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let counted = counted.clone();
                // A connection that breaks is the gateway's to notice.
                thread::spawn(move || drop(serve(connection, &counted)));
            }
        });
        Ok(Self { address, received })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Bytes of telemetry so far.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Relaxed)
    }
}

/// Answers the requests of a connection; each has a body of a length told before.
fn serve(connection: TcpStream, counted: &AtomicU64) -> io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let mut writer = connection;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
        counted.fetch_add(length, Relaxed);
        writer.write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n",
        )?;
    }
}
