//! Connections of the load.

use crate::bench::machine::OrFail;
use crate::failure::{Failure, Result};
use memchr::memmem;
use mio::net::TcpStream;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(10);

/// Sends prebuilt bytes and hands over what arrives.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    /// What the socket did not take yet.
    unsent: Vec<u8>,
}

/// An event stream whose head has arrived. What it holds is open until it is dropped.
#[derive(Debug)]
pub(in crate::bench) struct Subscriber(std::net::TcpStream);

impl Connection {
    pub(super) fn open(address: SocketAddr) -> Result<Self> {
        Self::of(connect(address)?)
    }

    /// Goes on with a subscriber without ever waiting for it.
    pub(super) fn follow(subscriber: Subscriber) -> Result<Self> {
        Self::of(subscriber.0)
    }

    fn of(stream: std::net::TcpStream) -> Result<Self> {
        stream.set_nonblocking(true).or_fail("a connection cannot be made non-blocking")?;
        Ok(Self { stream: TcpStream::from_std(stream), unsent: Vec::new() })
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return Ok(());
        }
        let sent = self.write(bytes)?;
        self.unsent.extend_from_slice(&bytes[sent..]);
        Ok(())
    }

    /// Sends what was left, once the socket takes bytes again.
    pub(super) fn flush(&mut self) -> Result<()> {
        if !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            let sent = self.write(&unsent)?;
            self.unsent = unsent;
            self.unsent.drain(..sent);
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self.stream.write(bytes) {
            Ok(sent) => Ok(sent),
            Err(error) if is_for_later(error.kind()) => Ok(0),
            Err(error) => Err(Failure::failed(format!("the server under test takes nothing: {error}"))),
        }
    }

    /// Hands over everything that has arrived.
    pub(super) fn receive(
        &mut self,
        buffer: &mut [u8],
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(Failure::failed("the server under test closed a connection")),
                Ok(length) => {
                    take(&buffer[..length])?;
                    // A short read emptied the socket; what comes later is told anew.
                    if length < buffer.len() {
                        return Ok(());
                    }
                }
                Err(error) if is_for_later(error.kind()) => return Ok(()),
                Err(error) => return Err(Failure::failed(format!("a connection broke: {error}"))),
            }
        }
    }
}

impl Subscriber {
    /// Sends a request for an event stream, and waits for the head of the answer.
    pub(in crate::bench) fn open(address: SocketAddr, request: &[u8]) -> Result<Self> {
        let mut stream = connect(address)?;
        stream.set_read_timeout(Some(CONNECT)).or_fail("a connection takes no timeout")?;
        stream.write_all(request).or_fail("a subscription cannot be sent")?;
        let mut head = Vec::new();
        let mut buffer = [0; 1024];
        while memmem::find(&head, b"\r\n\r\n").is_none() {
            let length = stream.read(&mut buffer).or_fail("an event stream does not begin")?;
            head.extend_from_slice(&buffer[..length]);
            if length == 0 || head.len() > 16 << 10 {
                return Err(Failure::failed("an event stream ended before it began"));
            }
        }
        match head.starts_with(b"HTTP/1.1 200") {
            true => Ok(Self(stream)),
            false => Err(Failure::failed(format!(
                "the server under test refused a subscription: {}",
                String::from_utf8_lossy(&head)
            ))),
        }
    }
}

fn connect(address: SocketAddr) -> Result<std::net::TcpStream> {
    let stream =
        std::net::TcpStream::connect_timeout(&address, CONNECT).or_fail("a connection cannot be made")?;
    stream.set_nodelay(true).or_fail("a connection takes no options")?;
    Ok(stream)
}

fn is_for_later(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
