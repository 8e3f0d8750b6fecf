//! `trestle healthcheck`: whether a running gateway is ready, as an exit code, for
//! containers that have no curl in them.

use super::Failure;
use clap::Args;
use std::{
    io::{self, Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// How long the gateway has for each step of its answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// More than any answer of the admin port to a probe.
const MAX_ANSWER: u64 = 16 << 10;

/// Ask a running gateway whether it is ready; the exit code says it
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  trestle healthcheck
  trestle healthcheck --admin-listen 127.0.0.1:9465 --path /livez

In a Dockerfile:
  HEALTHCHECK CMD [\"/trestle\", \"healthcheck\"]

The exit code is 0 when the gateway answers that it is well, else 1. The variable that says
where a gateway listens says here where to ask.")]
pub(super) struct Flags {
    /// Where the gateway has its admin port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9465")]
    #[arg(env = "TRESTLE_ADMIN_LISTEN", hide_env_values = true)]
    admin_listen: SocketAddr,
    /// What to ask for
    #[arg(long, default_value = "/readyz", value_parser = ["/readyz", "/livez"])]
    #[arg(env = "TRESTLE_PATH", hide_env_values = true)]
    path: String,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let addr = reachable(flags.admin_listen);
    let answer = ask(addr, &flags.path)
        .map_err(|error| Failure::failed(format!("{addr} does not answer: {error}")))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    match status {
        "200" => {
            println!("{}", body.trim());
            Ok(())
        }
        _ => Err(Failure::failed(format!(
            "{}: {status} {}",
            flags.path,
            body.trim()
        ))),
    }
}

/// Who listens on every address is asked on loopback.
fn reachable(mut addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() {
        addr.set_ip(match addr.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    addr
}

fn ask(addr: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&addr, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
