//! An address that stays ours while nobody listens on it.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;

use tokio::net::{TcpListener, TcpSocket};

use crate::NetError;

/// Connections that wait to be accepted, as the standard library has it.
const BACKLOG: u32 = 1024;

/// A bound socket. It listens while it is open, and refuses connections while it is shut; in between nobody else gets its
/// address, which would be free for anybody if the socket were closed and bound again.
#[derive(Debug)]
pub struct Port {
    socket: std::net::TcpListener,
    address: SocketAddr,
}

impl Port {
    /// Binds the address and listens; clients wait until somebody serves.
    ///
    /// # Errors
    /// The address is taken or not ours.
    pub async fn bind(address: SocketAddr) -> Result<Port, NetError> {
        let failed = |source| NetError::Bind { address, source };
        // A port that the system chose is given up as soon as its socket listens no more; one that was asked for is not.
        let chosen = bound(address).map_err(failed)?;
        let named = bound(chosen.local_addr().map_err(failed)?).map_err(failed)?;
        drop(chosen);
        let socket = named.listen(BACKLOG).and_then(TcpListener::into_std).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Port { socket, address })
    }

    /// The address, with the port that was free if 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Listens, if it does not already.
    pub(super) fn open(&self) -> io::Result<TcpListener> {
        let socket = TcpSocket::from_std_stream(self.as_stream()?);
        // Connections of before may still be in the kernel's memory.
        socket.set_reuseaddr(true)?;
        socket.listen(BACKLOG)
    }

    /// Refuses connections from now on. Whoever still serves it accepts no more.
    ///
    /// # Errors
    /// The operating system cannot stop listening without letting the address go: Linux can.
    pub fn shut(&self) -> io::Result<()> {
        let stream = self.as_stream()?;
        stream.shutdown(Shutdown::Read)?;
        // Or whoever sets the same could bind the address too.
        TcpSocket::from_std_stream(stream).set_reuseaddr(false)
    }

    /// The same socket, under the type that can be shut down.
    fn as_stream(&self) -> io::Result<TcpStream> {
        Ok(TcpStream::from(OwnedFd::from(self.socket.try_clone()?)))
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener as Thief;

    use super::*;
    use crate::testing::loopback;

    fn connects(port: &Port) -> bool {
        TcpStream::connect(port.local_addr()).is_ok()
    }

    #[tokio::test]
    async fn a_shut_port_refuses_connections_is_nobody_elses_and_opens_again() {
        let port = Port::bind(loopback()).await.unwrap();
        for _ in 0..3 {
            let listener = port.open().unwrap();
            assert!(connects(&port));
            // The server closes first, so that the kernel remembers the connection.
            drop(listener.accept().await.unwrap());
            drop(listener);
            port.shut().unwrap();
            assert!(!connects(&port));
            assert!(Thief::bind(port.local_addr()).is_err());
        }
        let address = port.local_addr();
        drop(port);
        assert!(Thief::bind(address).is_ok(), "it is free once nobody holds it");
    }
}
