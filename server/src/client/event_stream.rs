//! Reading server-sent events.

use bytes::Bytes;

/// Greatest length of one event: a broker's events are smaller.
const MAX_EVENT_BYTES: usize = 256 << 20;

/// Holds one event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StreamEvent {
    /// Its name; `message` events have none.
    pub(super) name: String,
    /// The last id seen, this event's or an earlier one's.
    pub(super) id: Option<String>,
    pub(super) data: String,
}

/// Turns bytes, however they were cut, into events.
#[derive(Debug, Default)]
pub(super) struct StreamParser {
    line: Vec<u8>,
    after_return: bool,
    name: String,
    /// Counts once its event is whole: one that was cut off has not been seen.
    next_id: Option<String>,
    id: Option<String>,
    data: String,
    has_data: bool,
}

impl StreamParser {
    /// Takes the next piece, and returns the events that it completes.
    ///
    /// # Errors
    /// When an event does not end.
    pub(super) fn take(&mut self, piece: &Bytes) -> Result<Vec<StreamEvent>, &'static str> {
        let mut events = Vec::new();
        for &byte in piece {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                // The end of a line that a return has ended already.
                b'\n' if after_return => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                _ => self.line.push(byte),
            }
        }
        if self.line.len() + self.data.len() > MAX_EVENT_BYTES {
            return Err("an event does not end");
        }
        Ok(events)
    }

    /// Returns the id to resume at: that of the last whole event, with data or without.
    pub(super) fn last_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn end_line(&mut self) -> Option<StreamEvent> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        if line.is_empty() {
            return self.end_event();
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => self.push_data(value),
            "id" if !value.contains('\0') => self.next_id = Some(value.to_owned()),
            // Comments, `retry`, and what later versions may add.
            _ => {}
        }
        None
    }

    fn push_data(&mut self, value: &str) {
        if self.has_data {
            self.data.push('\n');
        }
        self.data.push_str(value);
        self.has_data = true;
    }

    fn end_event(&mut self) -> Option<StreamEvent> {
        self.id = self.next_id.take().or(self.id.take());
        let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
        std::mem::take(&mut self.has_data).then(|| StreamEvent { name, id: self.id.clone(), data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pieces: &[&[u8]]) -> Vec<StreamEvent> {
        let mut parser = StreamParser::default();
        pieces.iter().flat_map(|piece| parser.take(&Bytes::copy_from_slice(piece)).unwrap()).collect()
    }

    #[test]
    fn events_are_the_same_however_they_are_cut() {
        let text = ": hello\r\nretry: 1000\n\nid: 1\nevent: gap\ndata: a\ndata:b\n\nid: 2\r\rdata: \u{e4}\r\n\r\ndata:\n\nevent: none\n\n";
        let whole = parse(&[text.as_bytes()]);
        let event = |name: &str, id: &str, data: &str| StreamEvent {
            name: name.to_owned(),
            id: Some(id.to_owned()),
            data: data.to_owned(),
        };
        assert_eq!(whole, [event("gap", "1", "a\nb"), event("", "2", "\u{e4}"), event("", "2", "")]);
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(parse(&bytes), whole);
    }

    #[test]
    fn an_event_that_was_cut_off_was_not_seen() {
        let mut parser = StreamParser::default();
        parser.take(&Bytes::from_static(b"id: 1\ndata: a\n\nid: 2\ndata: b\n")).unwrap();
        assert_eq!(parser.last_id(), Some("1"));
        parser.take(&Bytes::from_static(b"\n:\nid: 3\n\n")).unwrap();
        assert_eq!(parser.last_id(), Some("3"));
    }
}
