//! The few lines of Redis' protocol that tests need to ask a server something, independent of the driver's client.

use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// An answer of a server, as RESP2 has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing.
    Nil,
    /// A status, such as `OK`.
    Status(String),
    /// A number.
    Integer(i64),
    /// Bytes.
    Bulk(Vec<u8>),
    /// Several answers.
    Array(Vec<Reply>),
}

impl Reply {
    /// Returns a status, a number or bytes as text, and nothing of the others.
    pub fn text(&self) -> String {
        match self {
            Self::Status(status) => status.clone(),
            Self::Integer(number) => number.to_string(),
            Self::Bulk(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Self::Nil | Self::Array(_) => String::new(),
        }
    }

    /// Returns the number, also where it was sent as text.
    pub fn number(&self) -> Option<i64> {
        self.text().parse().ok()
    }

    /// Returns the parts of an array, none of anything else.
    pub fn items(&self) -> &[Reply] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// Looks a line of `INFO` up.
    pub fn info(&self, name: &str) -> Option<String> {
        let text = self.text();
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }
}

/// Asks commands of a server, one after the other, over one connection.
#[derive(Debug)]
pub(super) struct Client {
    stream: BufStream<TcpStream>,
}

impl Client {
    pub(super) async fn connect(port: u16, password: Option<&str>) -> io::Result<Self> {
        let stream = timeout(PATIENCE, TcpStream::connect(("127.0.0.1", port))).await??;
        stream.set_nodelay(true)?;
        let mut client = Self { stream: BufStream::new(stream) };
        if let Some(password) = password {
            client.ask(&["AUTH", password]).await?;
        }
        Ok(client)
    }

    /// Sends a command and waits for its answer. A refusal is an error with the server's words.
    pub(super) async fn ask<A: AsRef<[u8]>>(&mut self, command: &[A]) -> io::Result<Reply> {
        let mut bytes = format!("*{}\r\n", command.len()).into_bytes();
        for part in command {
            let part = part.as_ref();
            bytes.extend_from_slice(format!("${}\r\n", part.len()).as_bytes());
            bytes.extend_from_slice(part);
            bytes.extend_from_slice(b"\r\n");
        }
        timeout(PATIENCE, async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await?;
            self.reply().await
        })
        .await?
    }

    async fn reply(&mut self) -> io::Result<Reply> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        let line = line.trim_end();
        let rest = line.get(1..).unwrap_or_default();
        let number = || rest.parse::<i64>().map_err(|_| unexpected(line));
        match line.as_bytes().first() {
            Some(b'+') => Ok(Reply::Status(rest.to_owned())),
            Some(b'-') => Err(io::Error::other(rest.to_owned())),
            Some(b':') => Ok(Reply::Integer(number()?)),
            Some(b'$') => match usize::try_from(number()?) {
                Err(_) => Ok(Reply::Nil),
                Ok(length) => {
                    let mut bytes = vec![0; length + 2];
                    self.stream.read_exact(&mut bytes).await?;
                    bytes.truncate(length);
                    Ok(Reply::Bulk(bytes))
                }
            },
            Some(b'*') => match usize::try_from(number()?) {
                Err(_) => Ok(Reply::Nil),
                Ok(length) => {
                    let mut items = Vec::new();
                    for _ in 0..length {
                        // An error inside is told like one outside: tests ask for nothing where it would matter.
                        items.push(Box::pin(self.reply()).await?);
                    }
                    Ok(Reply::Array(items))
                }
            },
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection")),
            Some(_) => Err(unexpected(line)),
        }
    }
}

fn unexpected(line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("no answer of Redis: {line:?}"))
}

/// A server on the loopback answers in microseconds; a busy machine may take long.
const PATIENCE: Duration = Duration::from_secs(20);
