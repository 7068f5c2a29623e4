//! A client that sees every byte, and reads them as the HTML standard says.

use crate::common::DEADLINE;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An open event stream. It asks by HTTP/1.0, so that the body comes as it is, without chunks.
pub(crate) struct Client {
    socket: TcpStream,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// What `EventSource` would give to its program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) name: String,
    pub(crate) data: String,
    pub(crate) id: String,
}

impl Client {
    pub(crate) async fn open(address: SocketAddr, target: &str) -> Self {
        Self::open_with(address, target, "").await
    }

    /// Opens a stream with further headers, each ended by `\r\n`.
    pub(crate) async fn open_with(address: SocketAddr, target: &str, headers: &str) -> Self {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {target} HTTP/1.0\r\nHost: localhost\r\n{headers}\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut client = Self { socket, head: String::new(), body: Vec::new() };
        client.until(|body| body.windows(4).any(|bytes| bytes == b"\r\n\r\n")).await;
        let end = client.body.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        client.head = String::from_utf8(client.body.drain(..end).collect()).unwrap().to_ascii_lowercase();
        client
    }

    /// Reads what has come; `false` at the end of the stream.
    pub(crate) async fn more(&mut self) -> bool {
        let read = tokio::time::timeout(DEADLINE, self.socket.read_buf(&mut self.body)).await;
        read.unwrap_or_else(|_| panic!("nothing came after {:?}", self.text())).unwrap() > 0
    }

    /// Reads until the body is as wanted.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&[u8]) -> bool) {
        while !wanted(&self.body) {
            assert!(self.more().await, "the stream ended with {:?}", self.text());
        }
    }

    /// Reads until the body holds a text, and returns all of it.
    pub(crate) async fn until_text(&mut self, text: &str) -> String {
        self.until(|body| String::from_utf8_lossy(body).contains(text)).await;
        self.text()
    }

    /// Reads until there are some messages, and returns all.
    pub(crate) async fn messages(&mut self, count: usize) -> Vec<Message> {
        self.until(|body| parse(body).0.len() >= count).await;
        parse(&self.body).0
    }

    /// Reads to the end.
    pub(crate) async fn rest(mut self) -> String {
        while self.more().await {}
        self.text()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Reads a stream as section 9.2.6 of the HTML standard says: the messages, and the last event id. What is not ended by a
/// blank line does not count.
pub(crate) fn parse(body: &[u8]) -> (Vec<Message>, String) {
    let text = String::from_utf8_lossy(body).replace("\r\n", "\n").replace('\r', "\n");
    let (mut messages, mut last_id) = (Vec::new(), String::new());
    let (mut name, mut data, mut id) = (String::new(), String::new(), String::new());
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    for line in whole.split('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            _ if line.is_empty() => {
                last_id.clone_from(&id);
                if let Some(data) = data.strip_suffix('\n') {
                    messages.push(Message {
                        name: if name.is_empty() { "message".to_owned() } else { name.clone() },
                        data: data.to_owned(),
                        id: id.clone(),
                    });
                }
                name.clear();
                data.clear();
            }
            "event" => name = value.to_owned(),
            "data" => data = data + value + "\n",
            "id" if !value.contains('\0') => id = value.to_owned(),
            _ => {}
        }
    }
    (messages, last_id)
}
