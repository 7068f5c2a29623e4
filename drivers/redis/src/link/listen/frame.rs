//! What a server sends to one who subscribes, in RESP2: a server sends nothing else on such a connection.

use bytes::{Buf, BytesMut};

/// An answer or a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Text(Vec<u8>),
    Refused(String),
    Number(i64),
    Nil,
    List(Vec<Frame>),
}

/// What came is not of the protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Strange;

impl Frame {
    /// Takes one whole frame from the front. None when there is not yet one.
    pub(super) fn take(buffer: &mut BytesMut) -> Result<Option<Self>, Strange> {
        let mut rest = &buffer[..];
        let frame = read(&mut rest, DEPTH)?;
        if frame.is_some() {
            let length = buffer.len() - rest.len();
            buffer.advance(length);
        }
        Ok(frame)
    }

    pub(super) fn text(&self) -> &[u8] {
        match self {
            Self::Text(text) => text,
            _ => &[],
        }
    }
}

fn read(rest: &mut &[u8], depth: usize) -> Result<Option<Frame>, Strange> {
    let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") else {
        return if rest.len() > MOST_LINE { Err(Strange) } else { Ok(None) };
    };
    let (line, after) = (&rest[..end], &rest[end + 2..]);
    let Some((kind, line)) = line.split_first() else { return Err(Strange) };
    let number = || std::str::from_utf8(line).ok().and_then(|line| line.parse::<i64>().ok()).ok_or(Strange);
    let (frame, after) = match kind {
        b'+' => (Frame::Text(line.to_vec()), after),
        b'-' => (Frame::Refused(String::from_utf8_lossy(line).into_owned()), after),
        b':' => (Frame::Number(number()?), after),
        b'$' => match usize::try_from(number()?) {
            Err(_) => (Frame::Nil, after),
            Ok(length) if length > MOST_TEXT => return Err(Strange),
            Ok(length) if after.len() < length + 2 => return Ok(None),
            Ok(length) => (Frame::Text(after[..length].to_vec()), &after[length + 2..]),
        },
        b'*' if depth > 0 => match usize::try_from(number()?) {
            Err(_) => (Frame::Nil, after),
            Ok(length) if length > MOST_PARTS => return Err(Strange),
            Ok(length) => {
                let (mut parts, mut after) = (Vec::new(), after);
                for _ in 0..length {
                    match read(&mut after, depth - 1)? {
                        Some(part) => parts.push(part),
                        None => return Ok(None),
                    }
                }
                (Frame::List(parts), after)
            }
        },
        _ => return Err(Strange),
    };
    *rest = after;
    Ok(Some(frame))
}

/// Names of channels and heads are short. What is larger is not ours.
const MOST_LINE: usize = 64 << 10;
const MOST_TEXT: usize = 1 << 20;
const MOST_PARTS: usize = 16;
const DEPTH: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_whole_wherever_they_are_cut() {
        let bytes = b"*3\r\n$8\r\nsmessage\r\n$1\r\nc\r\n$2\r\n17\r\n+OK\r\n-ERR no\r\n:5\r\n$-1\r\n";
        let text = |text: &str| Frame::Text(text.as_bytes().to_vec());
        let expected = vec![
            Frame::List(vec![text("smessage"), text("c"), text("17")]),
            text("OK"),
            Frame::Refused("ERR no".to_owned()),
            Frame::Number(5),
            Frame::Nil,
        ];
        for cut in 0..=bytes.len() {
            let (mut buffer, mut frames) = (BytesMut::new(), Vec::new());
            for part in [&bytes[..cut], &bytes[cut..]] {
                buffer.extend_from_slice(part);
                while let Some(frame) = Frame::take(&mut buffer).unwrap() {
                    frames.push(frame);
                }
            }
            assert_eq!(frames, expected, "cut at {cut}");
            assert!(buffer.is_empty());
        }
    }

    #[test]
    fn what_is_not_of_the_protocol_is_refused_before_it_takes_room() {
        for bytes in [
            "HTTP/1.1 400\r\n",
            "$999999999999\r\n",
            "*999999\r\n",
            "$x\r\n",
            "*1\r\n*1\r\n*1\r\n:1\r\n",
            "\r\n",
        ] {
            assert_eq!(Frame::take(&mut BytesMut::from(bytes)), Err(Strange), "{bytes}");
        }
    }
}
