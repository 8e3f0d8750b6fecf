//! An HTTP/2 client that is given requests as `raw` is: one connection for all.

use crate::raw::Answer;
use bytes::Bytes;
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// An open connection.
pub struct Client {
    sender: SendRequest<Full<Bytes>>,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address)
            .await
            .expect("the gateway listens");
        stream.set_nodelay(true).expect("a TCP socket");
        let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("the gateway speaks HTTP/2");
        tokio::spawn(connection);
        Self { sender }
    }

    /// The answer to an HTTP/1.1 request in the words of HTTP/2; `None` where HTTP/2
    /// has no such words: for what is malformed in its lines, and for what HTTP/2
    /// says in frames.
    pub async fn send(&mut self, request: &[u8]) -> Option<Answer> {
        let request = translate(request)?;
        self.sender
            .ready()
            .await
            .expect("the connection stays open");
        let answer = self.sender.send_request(request).await.expect("an answer");
        let (head, body) = answer.into_parts();
        let text =
            |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Some(Answer {
            status: head.status.as_u16(),
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            body: body
                .collect()
                .await
                .expect("a whole body")
                .to_bytes()
                .to_vec(),
        })
    }
}

fn translate(request: &[u8]) -> Option<Request<Full<Bytes>>> {
    let end = request
        .windows(4)
        .position(|window| window == b"\r\n\r\n")?;
    let mut lines = std::str::from_utf8(&request[..end]).ok()?.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let method = Method::from_bytes(words.next()?.as_bytes()).ok()?;
    let target = words.next()?.strip_prefix('/')?;
    let uri: Uri = format!("http://gateway/{target}").parse().ok()?;
    let mut built = Request::builder().method(method).uri(uri);
    let mut hosts = 0;
    for line in lines {
        let (name, value) = line.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "host" if value.trim() == "gateway" => hosts += 1,
            // HTTP/2 says these in frames and pseudo-header fields.
            "host" | "transfer-encoding" | "connection" | "upgrade" => return None,
            "content-length" => {}
            _ => built = built.header(name, value.trim()),
        }
    }
    let body = Full::new(Bytes::copy_from_slice(&request[end + 4..]));
    (hosts == 1).then(|| built.body(body).ok()).flatten()
}
