//! The load: one request, over and over, on keep-alive connections, each answer
//! checked in full.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

const REQUEST: &[u8] = b"POST /api/capitalize HTTP/1.1\r\n\
    host: 127.0.0.1\r\n\
    content-type: application/json\r\n\
    content-length: 34\r\n\
    \r\n\
    {\"id\":1,\"data\":\"aGVsbG8gd29ybGQ=\"}";
const ANSWER: &[u8] = b"{\"id\":1,\"data\":\"SEVMTE8gV09STEQ=\"}";
/// An answer that takes longer than this is a failure, not a slow answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Room for an answer; ours have some 200 bytes.
const BUFFER: usize = 4096;

/// The connections to one gateway, driven by one thread. They are opened anew
/// for each run: a gateway closes those that are idle while the other has its turn.
pub struct Load {
    runtime: Runtime,
    address: SocketAddr,
    connections: u32,
}

/// What a run did.
pub struct Done {
    /// Requests that were answered.
    pub requests: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl Load {
    /// A load for the gateway at an address.
    pub fn new(address: SocketAddr, connections: u32) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            runtime,
            address,
            connections,
        })
    }

    /// Keeps every connection busy for a while. The first answer that is not
    /// the right one ends the run.
    pub fn run(&self, duration: Duration) -> Result<Done, String> {
        self.runtime.block_on(async {
            let connections = self.connect().await;
            let connections = connections.map_err(|error| format!("cannot connect: {error}"))?;
            let start = Instant::now();
            let mut running: JoinSet<_> = connections
                .into_iter()
                .map(|connection| drive(connection, start + duration))
                .collect();
            let mut requests = 0;
            while let Some(ended) = running.join_next().await {
                requests +=
                    ended.map_err(|error| format!("a connection's task died: {error}"))??;
            }
            Ok(Done {
                requests,
                elapsed: start.elapsed(),
            })
        })
    }

    async fn connect(&self) -> io::Result<Vec<TcpStream>> {
        let mut open = Vec::new();
        for _ in 0..self.connections {
            let connection = TcpStream::connect(self.address).await?;
            connection.set_nodelay(true)?;
            open.push(connection);
        }
        Ok(open)
    }
}

async fn drive(mut connection: TcpStream, until: Instant) -> Result<u64, String> {
    let mut buffer = vec![0; BUFFER];
    let mut requests = 0;
    while Instant::now() < until {
        let exchange = exchange(&mut connection, &mut buffer);
        tokio::time::timeout(PATIENCE, exchange)
            .await
            .map_err(|_| format!("no answer within {PATIENCE:?}"))??;
        requests += 1;
    }
    Ok(requests)
}

async fn exchange(connection: &mut TcpStream, buffer: &mut [u8]) -> Result<(), String> {
    connection
        .write_all(REQUEST)
        .await
        .map_err(|error| format!("cannot write: {error}"))?;
    let mut filled = 0;
    loop {
        let read = connection.read(&mut buffer[filled..]).await;
        match read.map_err(|error| format!("cannot read: {error}"))? {
            0 => {
                return Err(failure(
                    "the connection ended before the answer",
                    &buffer[..filled],
                ));
            }
            read => filled += read,
        }
        let answer = &buffer[..filled];
        if let Some(length) = answer_length(answer)? {
            match filled {
                filled if filled < length => {}
                filled if filled == length && answer.ends_with(ANSWER) => return Ok(()),
                _ => return Err(failure("a wrong body", answer)),
            }
        }
        if filled == buffer.len() {
            return Err(failure("an answer that is too long", answer));
        }
    }
}

/// How long head and body are together, once the head is here and is right.
fn answer_length(answer: &[u8]) -> Result<Option<usize>, String> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = &answer[..end];
    if !head.starts_with(b"HTTP/1.1 200 ") {
        return Err(failure("a status that is not 200", answer));
    }
    let length = head
        .split(|byte| *byte == b'\n')
        .find_map(content_length)
        .ok_or_else(|| failure("no content-length", answer))?;
    if length != ANSWER.len() {
        return Err(failure("a body of the wrong length", answer));
    }
    Ok(Some(end + 4 + length))
}

fn content_length(line: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let (name, value) = line.split_at_checked(NAME.len())?;
    name.eq_ignore_ascii_case(NAME)
        .then(|| std::str::from_utf8(value).ok()?.trim().parse().ok())?
}

fn failure(what: &str, answer: &[u8]) -> String {
    format!("{what}:\n{}", String::from_utf8_lossy(answer))
}
