//! The manners of HTTP: what every response says of its exchange, how errors are
//! spelt, and what operators may turn on.

mod compression;
mod cors;
mod decompression;
mod errors;
mod etag;
mod forwarded;
mod hooks;
mod identity;
mod protobuf;
mod trailers;
mod verdict;

use crate::backend::{Backend, Seen};
use crate::raw::Answer;
use crate::{Running, start};
use trestle::gateway::Settings;

/// A gateway before a backend of its own.
struct Pair {
    backend: Backend,
    gateway: Running,
}

async fn pair(settings: Settings) -> Pair {
    let backend = Backend::start().await;
    let gateway = start(&backend.url(), settings).await;
    Pair { backend, gateway }
}

impl Pair {
    /// A request with no body, `GET` unless `target` begins with a method.
    async fn get(&self, target: &str, headers: &[&str]) -> Answer {
        let line = match target.split_once(' ') {
            Some(_) => target.to_owned(),
            None => format!("GET {target}"),
        };
        let headers: String = headers
            .iter()
            .map(|header| format!("{header}\r\n"))
            .collect();
        self.gateway
            .send(&format!("{line} HTTP/1.1\r\nHost: t\r\n{headers}\r\n"))
            .await
    }

    /// What the backend saw last.
    fn seen(&self) -> Seen {
        self.backend
            .seen()
            .pop()
            .expect("a call reached the backend")
    }
}
