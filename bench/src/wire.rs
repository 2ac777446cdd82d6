//! A keep-alive connection, as thin as can be: the load generator shares the cores with what it measures.

use std::net::SocketAddr;
use std::pin::Pin;

use bytes::{Buf, BytesMut};
use net::client::TlsClient;
use net::{Identity, TrustAnchors};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Result;

/// Room for one answer's head and a command.
const BUFFER_BYTES: usize = 16 * 1024;

trait Stream: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Stream for T {}

/// A connection to the server.
pub(crate) struct Connection {
    stream: Pin<Box<dyn Stream>>,
    buffer: BytesMut,
}

/// What the server answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// How the device's side of a server is reached.
#[derive(Clone)]
pub(crate) enum Reach {
    /// By TLS, showing the device's certificate.
    Tls(SocketAddr, TrustAnchors),
    /// Without, as a proxy on this machine does that has ended TLS itself.
    Plain(SocketAddr),
}

impl Connection {
    /// Connects, by TLS as `identity`.
    pub(crate) async fn open(reach: &Reach, identity: Option<&Identity>) -> Result<Self> {
        let (Reach::Tls(address, _) | Reach::Plain(address)) = reach;
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let stream: Pin<Box<dyn Stream>> = match reach {
            Reach::Plain(_) => Box::pin(stream),
            Reach::Tls(_, trust) => {
                let client = TlsClient::new(trust, identity, &[b"http/1.1"])?;
                Box::pin(client.connect("localhost", stream).await?.stream)
            }
        };
        Ok(Self { stream, buffer: BytesMut::with_capacity(BUFFER_BYTES) })
    }

    /// Sends a whole request and reads the whole answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        loop {
            if let Some(answer) = take(&mut self.buffer)? {
                return Ok(answer);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed a connection".into());
            }
        }
    }
}

/// Takes one answer out of what has arrived, if it is whole.
fn take(buffer: &mut BytesMut) -> Result<Option<Answer>> {
    let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(buffer.get(..end).unwrap_or_default())?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("an answer without status")?;
    let status = status.parse()?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let length = length.ok_or("an answer without its length")?;
    if buffer.len() < end + 4 + length {
        return Ok(None);
    }
    buffer.advance(end + 4);
    let body = buffer.split_to(length).to_vec();
    Ok(Some(Answer { status, body }))
}

/// A device's message as it goes over the wire.
pub(crate) fn put(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("PUT {path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: MDM/1.0\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let mut request = text.into_bytes();
    request.extend_from_slice(body);
    request
}

/// A request without a body.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes()
}
