//! A reader of server-sent events that keeps nothing of a frame that was cut off.

use super::Request;
use super::wire::read_chunk;
use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpStream};

/// Follows an event stream.
pub(crate) struct EventStream {
    reader: BufReader<TcpStream>,
    text: Vec<u8>,
}

/// Holds a whole frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Option<String>,
}

impl EventStream {
    /// Connects, and goes on behind the last id seen.
    pub(crate) fn open(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
        last_id: Option<&str>,
    ) -> io::Result<Self> {
        let mut request = Request::get(path).with("accept", "text/event-stream");
        for (name, value) in headers {
            request = request.with(name, value);
        }
        if let Some(id) = last_id {
            request = request.with("last-event-id", id);
        }
        let (status, _, reader) = request.begin(address, false)?;
        if status != 200 {
            return Err(io::Error::other(format!("answered {status}")));
        }
        Ok(Self { reader, text: Vec::new() })
    }

    /// Waits for a frame that has data.
    pub(crate) fn event(&mut self) -> io::Result<Frame> {
        loop {
            let frame = self.frame()?;
            if frame.data.is_some() {
                return Ok(frame);
            }
        }
    }

    /// Waits for any frame, a heartbeat too. The end of the stream is an error.
    pub(crate) fn frame(&mut self) -> io::Result<Frame> {
        loop {
            if let Some(end) = self.text.windows(2).position(|two| two == b"\n\n") {
                let rest = self.text.split_off(end + 2);
                let frame = std::mem::replace(&mut self.text, rest);
                return Ok(parse(&String::from_utf8(frame).unwrap()));
            }
            match read_chunk(&mut self.reader)? {
                Some(chunk) => self.text.extend(chunk),
                None => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the stream ended")),
            }
        }
    }
}

fn parse(text: &str) -> Frame {
    let mut frame = Frame::default();
    for line in text.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => frame.name = value.to_owned(),
            "id" => frame.id = Some(value.to_owned()),
            "data" => match &mut frame.data {
                Some(data) => *data = format!("{data}\n{value}"),
                None => frame.data = Some(value.to_owned()),
            },
            _ => {}
        }
    }
    frame
}
