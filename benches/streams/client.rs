//! The clients: a connection each, every byte of what is answered looked at.

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use trestle_benches::ticks::TEXT;

/// What takes longer than this is lost, not late.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a gateway.
pub(crate) struct Client(SendRequest<Full<Bytes>>);

/// A stream of ticks that is being read.
pub(crate) struct Ticks {
    body: Incoming,
    /// The beginning of a line of which more is to come.
    partial: Vec<u8>,
    expected: Vec<u8>,
    count: u64,
    /// The stream goes with its connection.
    _client: Client,
}

impl Client {
    /// Connects.
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, String> {
        let socket = TcpStream::connect(address).await;
        let socket = socket.map_err(|error| format!("cannot connect: {error}"))?;
        socket
            .set_nodelay(true)
            .map_err(|error| error.to_string())?;
        let shaken = http1::handshake(TokioIo::new(socket)).await;
        let (sender, connection) = shaken.map_err(|error| error.to_string())?;
        // What ends the connection, its request tells.
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Opens a stream: how many ticks (0: no end), and the pause between two.
    pub(crate) async fn watch(mut self, count: u64, period: Duration) -> Result<Ticks, String> {
        let period = period.as_millis();
        let query = format!(r#"{{"count":{count},"periodMs":{period}}}"#);
        let body = self.post("/api/ticks", query).await?;
        Ok(Ticks {
            body,
            partial: Vec::new(),
            expected: Vec::new(),
            count: 0,
            _client: self,
        })
    }

    /// One unary call, its answer read and compared.
    pub(crate) async fn first(&mut self) -> Result<(), String> {
        let exchange = async {
            let body = self.post("/api/ticks/first", "{}".to_owned()).await?;
            body.collect().await.map_err(|error| error.to_string())
        };
        let body = timeout(PATIENCE, exchange).await;
        let body = body.map_err(|_| format!("no answer within {PATIENCE:?}"))??;
        let (body, expected) = (body.to_bytes(), tick(1));
        if body == expected {
            return Ok(());
        }
        Err(format!("{body:?} instead of {expected}"))
    }

    async fn post(&mut self, path: &str, body: String) -> Result<Incoming, String> {
        let request = http::Request::post(path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .body(Full::from(body))
            .map_err(|error| error.to_string())?;
        let answer = timeout(PATIENCE, self.0.send_request(request)).await;
        let answer = answer.map_err(|_| format!("no answer to {path} within {PATIENCE:?}"))?;
        let answer = answer.map_err(|error| format!("{path}: {error}"))?;
        match answer.status() {
            http::StatusCode::OK => Ok(answer.into_body()),
            status => {
                let body = answer.into_body().collect().await;
                let body = body.map_err(|error| error.to_string())?.to_bytes();
                Err(format!("{path}: {status}: {}", body.escape_ascii()))
            }
        }
    }
}

impl Ticks {
    /// How many ticks have come, all of them right.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Takes what comes next; whether there was anything but the end.
    pub(crate) async fn advance(&mut self) -> Result<bool, String> {
        let frame = timeout(PATIENCE, self.body.frame()).await;
        let frame = frame.map_err(|_| format!("nothing after {} ticks", self.count))?;
        match frame {
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    self.take(&data)?;
                }
                Ok(true)
            }
            Some(Err(error)) => Err(format!("broken off after {} ticks: {error}", self.count)),
            None if self.partial.is_empty() => Ok(false),
            None => Err(format!("ended inside tick {}", self.count + 1)),
        }
    }

    fn take(&mut self, data: &[u8]) -> Result<(), String> {
        for line in data.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(line);
            if self.partial.last() != Some(&b'\n') {
                continue;
            }
            self.expected.clear();
            self.expected.extend_from_slice(br#"{"result":"#);
            self.expected
                .extend_from_slice(tick(self.count + 1).as_bytes());
            self.expected.extend_from_slice(b"}\n");
            if self.partial != self.expected {
                let got = self.partial.escape_ascii();
                return Err(format!("tick {} is `{got}`", self.count + 1));
            }
            self.partial.clear();
            self.count += 1;
        }
        Ok(())
    }
}

fn tick(index: u64) -> String {
    format!(r#"{{"index":"{index}","text":"{TEXT}"}}"#)
}
