//! Opening a listening socket, and saying who has the port when that fails.

use super::holder::{self, Holder};
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    fmt, io,
    net::{SocketAddr, TcpListener},
};

/// As many as Linux lets wait by default (`net.core.somaxconn`).
const BACKLOG: i32 = 4_096;

/// An address that cannot be listened on.
#[derive(Debug)]
pub struct BindError {
    addr: SocketAddr,
    source: io::Error,
    holder: Option<Holder>,
}

impl BindError {
    /// Why `addr` cannot be listened on; finds out who has the port, if anyone.
    pub fn new(addr: SocketAddr, source: io::Error) -> Self {
        let holder = match source.kind() {
            io::ErrorKind::AddrInUse => holder::of(addr),
            _ => None,
        };
        Self {
            addr,
            source,
            holder,
        }
    }

    /// The address that was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What the operating system said.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addr, source, .. } = self;
        match (source.kind(), &self.holder) {
            (io::ErrorKind::AddrInUse, Some(holder)) => {
                write!(
                    out,
                    "cannot listen on {addr}: the port is in use by {holder}"
                )
            }
            (io::ErrorKind::AddrInUse, None) => {
                write!(out, "cannot listen on {addr}: the port is in use")
            }
            _ => write!(out, "cannot listen on {addr}: {source}"),
        }
    }
}

impl std::error::Error for BindError {}

/// A listening socket. Port 0 takes a free port.
pub(super) fn listen(addr: SocketAddr) -> Result<TcpListener, BindError> {
    open(addr).map_err(|error| BindError::new(addr, error))
}

fn open(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // A restarted program may take its port back while old connections linger.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
