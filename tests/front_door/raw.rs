//! An HTTP/1.1 client that sends exactly the bytes it is given, so that tests can
//! say what no library would.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }
}

/// Sends one request on a connection of its own and reads one answer.
pub async fn send(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address)
        .await
        .expect("the gateway listens");
    let is_head = request.starts_with(b"HEAD ");
    let (mut reader, mut writer) = stream.split();
    // The answer may come before all of a large request has been taken.
    let (_, answer) = tokio::join!(writer.write_all(request), read(&mut reader, is_head));
    answer
}

/// Reads one answer; an early end is a test failure.
pub async fn read(reader: &mut (impl tokio::io::AsyncRead + Unpin), is_head: bool) -> Answer {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let count = reader.read_buf(&mut bytes).await.expect("an answer's head");
        assert!(
            count > 0,
            "closed without an answer; got {:?}",
            String::from_utf8_lossy(&bytes)
        );
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("an ASCII head");
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .expect("a status line");
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer {
        status: status.parse().expect("a status"),
        headers,
        body: bytes.split_off(end + 4),
    };
    let length: usize = answer
        .header("content-length")
        .map_or(0, |value| value.parse().expect("a length"));
    while !is_head && answer.body.len() < length {
        let count = reader
            .read_buf(&mut answer.body)
            .await
            .expect("the answer's body");
        assert!(count > 0, "the body is shorter than its content-length");
    }
    answer
}

/// An answer whose body came in chunks: what came, and whether it was finished.
#[derive(Debug)]
pub struct Streamed {
    pub answer: Answer,
    pub text: String,
    pub finished: bool,
}

/// Sends a request and reads a chunked answer to its end, or to where it breaks off.
pub async fn stream(address: SocketAddr, request: &[u8]) -> Streamed {
    let mut stream = TcpStream::connect(address)
        .await
        .expect("the gateway listens");
    stream
        .write_all(request)
        .await
        .expect("the request is taken");
    let mut answer = read(&mut stream, false).await;
    if answer.header("transfer-encoding") != Some("chunked") {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        return Streamed {
            answer,
            text,
            finished: true,
        };
    }
    let mut raw = std::mem::take(&mut answer.body);
    let mut text = Vec::new();
    loop {
        while let Some((chunk, rest)) = chunk(&raw) {
            if chunk.is_empty() {
                let text = String::from_utf8(text).expect("UTF-8");
                return Streamed {
                    answer,
                    text,
                    finished: true,
                };
            }
            text.extend_from_slice(chunk);
            raw = rest.to_vec();
        }
        if stream.read_buf(&mut raw).await.unwrap_or(0) == 0 {
            let text = String::from_utf8(text).expect("UTF-8");
            return Streamed {
                answer,
                text,
                finished: false,
            };
        }
    }
}

/// The first whole chunk, and what follows it.
fn chunk(raw: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = raw.windows(2).position(|window| window == b"\r\n")?;
    let size = std::str::from_utf8(&raw[..line])
        .ok()
        .and_then(|size| usize::from_str_radix(size, 16).ok());
    let size = size.expect("a chunk's size");
    let end = line + 2 + size;
    (raw.len() >= end + 2).then(|| (&raw[line + 2..end], &raw[end + 2..]))
}
