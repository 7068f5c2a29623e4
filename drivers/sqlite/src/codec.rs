//! How values lie in columns.

use bytes::{Bytes, BytesMut};
use eventweir::{
    Appended, CommitId, ContentType, Epoch, Error, ErrorKind, EventId, Headers, Receipt, Result, Sequence,
};
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

/// An id as a column: 16 bytes for a UUID, else its text. The two never compare equal.
pub(crate) struct IdColumn<'a>(&'a EventId, Option<[u8; 16]>);

impl<'a> IdColumn<'a> {
    pub(crate) fn new(id: &'a EventId) -> Self {
        Self(id, id.as_uuid())
    }
}

impl ToSql for IdColumn<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match &self.1 {
            Some(uuid) => ValueRef::Blob(uuid),
            None => ValueRef::Text(self.0.as_str().as_bytes()),
        }))
    }
}

/// A commit's id as a column.
pub(crate) fn commit_id(id: &CommitId) -> &str {
    id.as_str()
}

pub(crate) fn read_id(value: ValueRef<'_>) -> Result<EventId> {
    match value {
        ValueRef::Blob(bytes) => bytes.try_into().map(EventId::from_uuid).map_err(|_| damaged("an event id")),
        ValueRef::Text(text) => EventId::new(text_of(text)?),
        _ => Err(damaged("an event id")),
    }
}

/// The two usual content types take no room: SQLite keeps 0 and 1 in the row's header.
pub(crate) struct TypeColumn<'a>(pub(crate) &'a ContentType);

impl ToSql for TypeColumn<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(if *self.0 == ContentType::BINARY {
            ToSqlOutput::Owned(Value::Integer(0))
        } else if *self.0 == ContentType::JSON {
            ToSqlOutput::Owned(Value::Integer(1))
        } else {
            ToSqlOutput::Borrowed(ValueRef::Text(self.0.as_str().as_bytes()))
        })
    }
}

pub(crate) fn read_type(value: ValueRef<'_>) -> Result<ContentType> {
    match value {
        ValueRef::Integer(0) => Ok(ContentType::BINARY),
        ValueRef::Integer(1) => Ok(ContentType::JSON),
        ValueRef::Text(text) => ContentType::new(text_of(text)?),
        _ => Err(damaged("a content type")),
    }
}

/// Headers as lines `name:value`: names hold no colon and values no line feed.
pub(crate) fn write_headers(headers: &Headers) -> Option<String> {
    if headers.is_empty() {
        return None;
    }
    let mut text = String::with_capacity(headers.bytes() + 64);
    for (name, value) in headers.iter() {
        text.push_str(name);
        text.push(':');
        text.push_str(value);
        text.push('\n');
    }
    Some(text)
}

pub(crate) fn read_headers(value: ValueRef<'_>) -> Result<Headers> {
    match value {
        ValueRef::Null => Ok(Headers::default()),
        ValueRef::Text(text) => Headers::new(text_of(text)?.lines_of_headers()),
        _ => Err(damaged("headers")),
    }
}

trait HeaderLines {
    fn lines_of_headers(&self) -> impl Iterator<Item = (&str, &str)>;
}

impl HeaderLines for str {
    fn lines_of_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.split_terminator('\n').map(|line| line.split_once(':').unwrap_or((line, "")))
    }
}

/// Returns how many bytes of names and values the headers have, without making them.
pub(crate) fn header_bytes(value: ValueRef<'_>) -> u64 {
    match value {
        ValueRef::Text(text) => {
            let lines = text.iter().filter(|byte| **byte == b'\n').count();
            (text.len() - (2 * lines).min(text.len())) as u64
        }
        _ => 0,
    }
}

/// Appends an id to a list: a length, zero for a UUID, and the bytes.
pub(crate) fn push_id(list: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::Blob(uuid) if uuid.len() == 16 => {
            list.push(0);
            list.extend_from_slice(uuid);
        }
        ValueRef::Text(text) if (1..=EventId::MAX_BYTES).contains(&text.len()) => {
            list.push(text.len() as u8);
            list.extend_from_slice(text);
        }
        // Nothing that this driver wrote; there is nothing to fade.
        _ => {}
    }
}

/// Splits a list of ids up again.
pub(crate) fn ids(mut list: &[u8]) -> impl Iterator<Item = Value> {
    std::iter::from_fn(move || {
        let (length, rest) = list.split_first()?;
        let (id, rest) = rest.split_at_checked(if *length == 0 { 16 } else { usize::from(*length) })?;
        list = rest;
        Some(match *length {
            0 => Value::Blob(id.to_vec()),
            _ => Value::Text(String::from_utf8_lossy(id).into_owned()),
        })
    })
}

pub(crate) fn write_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(crate) fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

pub(crate) fn write_receipt(receipt: &Receipt) -> Vec<u8> {
    let mut out = Vec::with_capacity(20 + 10 * receipt.events.len());
    write_varint(&mut out, receipt.epoch.get());
    write_varint(&mut out, receipt.head.get());
    for event in &receipt.events {
        write_varint(&mut out, event.sequence.get() << 1 | u64::from(event.duplicate));
    }
    out
}

pub(crate) fn read_receipt(mut bytes: &[u8]) -> Result<Receipt> {
    let broken = || damaged("a receipt");
    let epoch = Epoch::new(read_varint(&mut bytes).ok_or_else(broken)?).map_err(|_| broken())?;
    let head = Sequence::new(read_varint(&mut bytes).ok_or_else(broken)?).map_err(|_| broken())?;
    let mut events = Vec::new();
    while !bytes.is_empty() {
        let number = read_varint(&mut bytes).ok_or_else(broken)?;
        let sequence = Sequence::new(number >> 1).map_err(|_| broken())?;
        events.push(Appended { sequence, duplicate: number & 1 == 1 });
    }
    Ok(Receipt { epoch, head, events, repeated: false })
}

pub(crate) fn text_of(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| damaged("text"))
}

/// Copies a column of bytes into memory of its own; an empty one takes none.
pub(crate) fn bytes_of(value: ValueRef<'_>) -> Result<Bytes> {
    match value {
        ValueRef::Blob([]) => Ok(Bytes::new()),
        ValueRef::Blob(bytes) => Ok(BytesMut::from(bytes).freeze()),
        _ => Err(damaged("data")),
    }
}

/// The database holds what this driver did not write.
pub(crate) fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the database holds {what} that this driver did not write"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_go_both_ways_and_are_counted() {
        let headers = Headers::new([("a", "x:y\tz"), ("b", ""), ("c.d", "ä")]).unwrap();
        let text = write_headers(&headers).unwrap();
        let value = ValueRef::Text(text.as_bytes());
        assert_eq!(read_headers(value).unwrap(), headers);
        assert_eq!(header_bytes(value), headers.bytes() as u64);
        assert_eq!(write_headers(&Headers::default()), None);
    }

    #[test]
    fn ids_go_both_ways() {
        let mut list = Vec::new();
        push_id(&mut list, ValueRef::Blob(&[7; 16]));
        push_id(&mut list, ValueRef::Text("order-1".as_bytes()));
        let back: Vec<_> = ids(&list).collect();
        assert_eq!(back, [Value::Blob(vec![7; 16]), Value::Text("order-1".to_owned())]);
    }

    #[test]
    fn receipts_go_both_ways() {
        let seq = |n| Sequence::new(n).unwrap();
        let receipt = Receipt {
            epoch: Epoch::random(),
            head: seq(300),
            events: vec![
                Appended { sequence: seq(299), duplicate: false },
                Appended { sequence: seq(1), duplicate: true },
            ],
            repeated: false,
        };
        assert_eq!(read_receipt(&write_receipt(&receipt)).unwrap(), receipt);
        assert!(read_receipt(&[0x80]).is_err());
    }

    #[test]
    fn varints_go_both_ways() {
        for number in [0, 1, 127, 128, 16_383, 16_384, u64::MAX] {
            let mut out = Vec::new();
            write_varint(&mut out, number);
            assert_eq!(read_varint(&mut &out[..]), Some(number));
        }
    }
}
