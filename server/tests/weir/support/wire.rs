//! HTTP/1.1 by hand, so that the program is not tested with its own client.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Describes a request.
#[derive(Clone)]
pub(crate) struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    timeout: Duration,
}

/// Holds an answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path, b"")
    }

    pub(crate) fn post(path: &str, body: &[u8]) -> Self {
        Self::new("POST", path, body)
    }

    fn new(method: &'static str, path: &str, body: &[u8]) -> Self {
        let timeout = Duration::from_secs(30);
        Self { method, path: path.to_owned(), headers: Vec::new(), body: body.to_vec(), timeout }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends the request over a connection of its own and reads the whole answer.
    pub(crate) fn send(&self, address: SocketAddr) -> io::Result<Answer> {
        let (status, headers, mut reader) = self.begin(address, true)?;
        let mut body = Vec::new();
        match header(&headers, "content-length") {
            Some(length) => {
                body.resize(length.parse().map_err(|_| broken("a length"))?, 0);
                reader.read_exact(&mut body)?;
            }
            None if header(&headers, "transfer-encoding") == Some("chunked") => {
                while let Some(chunk) = read_chunk(&mut reader)? {
                    body.extend(chunk);
                }
            }
            None => {}
        }
        Ok(Answer { status, headers, body })
    }

    /// Sends the request and reads the head of the answer.
    pub(super) fn begin(&self, address: SocketAddr, close: bool) -> io::Result<Head> {
        let mut stream = TcpStream::connect_timeout(&address, self.timeout)?;
        stream.set_read_timeout(Some(self.timeout))?;
        stream.set_write_timeout(Some(self.timeout))?;
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {address}\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let connection = if close { "connection: close\r\n" } else { "" };
        head.push_str(&format!("{connection}content-length: {}\r\n\r\n", self.body.len()));
        stream.write_all(&[head.as_bytes(), &self.body].concat())?;
        let mut reader = BufReader::new(stream);
        let status_line = read_line(&mut reader)?;
        let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut headers = Vec::new();
        loop {
            let line = read_line(&mut reader)?;
            match line.split_once(": ") {
                Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
                None => break,
            }
        }
        Ok((status.ok_or_else(|| broken("a status"))?, headers, reader))
    }
}

pub(super) type Head = (u16, Vec<(String, String)>, BufReader<TcpStream>);

impl Answer {
    /// Looks a header up, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
}

/// Reads a line without its end; an end of the connection is an error.
pub(super) fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    if !line.ends_with('\n') {
        return Err(broken("a whole line"));
    }
    Ok(line.trim_end().to_owned())
}

/// Reads a chunk; `None` after the last.
pub(super) fn read_chunk(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let length = usize::from_str_radix(&read_line(reader)?, 16).map_err(|_| broken("a chunk"))?;
    let mut chunk = vec![0; length];
    reader.read_exact(&mut chunk)?;
    read_line(reader)?;
    Ok((length > 0).then_some(chunk))
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("the connection ended before {what}"))
}
