//! The state of a stream, as its own hash has it.

use super::{damaged, reply};
use eventweir::{Bounds, Epoch, Error, ErrorKind, Position, Reset, Result, Sequence, Start};
use redis::Value;

/// Fields, in the order in which every script and every snapshot asks for them.
pub(crate) const FIELDS: [&str; 13] = [
    "format",
    "incarnation",
    "epoch",
    "head",
    "first",
    "events",
    "bytes",
    "largest",
    "removed_to",
    "forgotten_to",
    "deletions",
    "removals",
    "epochs",
];
const FORMAT: &[u8] = b"1";

/// What a stream is and holds.
#[derive(Clone, Debug)]
pub(crate) struct Meta {
    pub(crate) incarnation: String,
    pub(crate) epoch: Epoch,
    pub(crate) head: Sequence,
    pub(crate) first: Sequence,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    /// No retained event has more bytes of data and headers.
    pub(crate) largest: u64,
    /// The greatest sequence that was ever removed.
    pub(crate) removed_to: Sequence,
    /// Counts deletions of channels.
    pub(crate) deletions: u64,
    /// Counts steps that removed events.
    pub(crate) removals: u64,
    /// Epochs that went on in this one, and where each ended.
    earlier: Vec<(Epoch, Sequence)>,
}

impl Meta {
    /// Reads the answer to `HMGET` of [`FIELDS`]. `None` when there is no such stream.
    pub(crate) fn read(value: Value) -> Result<Option<Self>> {
        let fields: [Value; FIELDS.len()] = reply::exactly(value)?;
        let [format, incarnation, epoch, head, first, events, bytes, largest, removed_to, rest @ ..] = fields;
        let [_forgotten_to, deletions, removals, epochs] = rest;
        let (format, incarnation) = (reply::optional(format)?, reply::optional(incarnation)?);
        match (&format, incarnation) {
            (None, None) => Ok(None),
            (Some(format), Some(incarnation)) if format == FORMAT => Ok(Some(Self {
                incarnation: String::from_utf8(incarnation).map_err(|_| damaged("text"))?,
                epoch: reply::text(epoch)?.parse()?,
                head: reply::sequence(head)?,
                first: reply::sequence(first)?,
                events: reply::number(events)?,
                bytes: reply::number(bytes)?,
                largest: reply::number(largest)?,
                removed_to: reply::sequence(removed_to)?,
                deletions: reply::number(deletions)?,
                removals: reply::number(removals)?,
                earlier: read_epochs(&reply::text(epochs)?)?,
            })),
            _ => Err(foreign(format.as_deref())),
        }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { epoch: self.epoch, first: self.first, head: self.head, deletions: self.deletions }
    }

    /// Turns a start into the sequence to read after, as [`Start::resolve`] does, with what is known of earlier epochs: a
    /// position up to the place where its epoch ended has seen what everyone has, and goes on.
    pub(crate) fn resolve(&self, start: Start) -> (Sequence, Option<Reset>, bool) {
        start.resolve_among(&self.bounds(), |epoch| {
            self.earlier.iter().find(|(earlier, _)| *earlier == epoch).map(|(_, end)| *end)
        })
    }
}

fn read_epochs(text: &str) -> Result<Vec<(Epoch, Sequence)>> {
    let one = |pair: &str| {
        let position: Position = pair.parse().map_err(|_| damaged("an epoch"))?;
        Ok((position.epoch, position.sequence))
    };
    text.split_ascii_whitespace().map(one).collect()
}

/// A hash stands where the stream's own should be, and is none, or one of another version.
fn foreign(format: Option<&[u8]>) -> Error {
    let message = match format {
        None => "a hash that is none of this driver's stands where a stream should be; it was left as it is"
            .to_owned(),
        Some(format) => format!(
            "a stream has the format {:?}, which this version does not know; it was left as it is",
            String::from_utf8_lossy(format)
        ),
    };
    Error::new(ErrorKind::Corrupt, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(epochs: &str) -> Meta {
        let fields = ["1", "i", "00000000000000ab", "9", "3", "5", "50", "10", "2", "0", "0", "1", epochs];
        let value = Value::Array(fields.map(|field| Value::BulkString(field.into())).to_vec());
        Meta::read(value).unwrap().unwrap()
    }

    #[test]
    fn an_earlier_epoch_goes_on_up_to_its_end() {
        let meta = meta("00000000000000aa:7 00000000000000a9:4");
        let at = |text: &str| meta.resolve(Start::At(text.parse().unwrap()));
        let seq = |n| Sequence::new(n).unwrap();
        assert_eq!(at("00000000000000ab:8"), (seq(8), None, true));
        assert_eq!(at("00000000000000aa:7"), (seq(7), None, true));
        assert_eq!(at("00000000000000a9:4"), (seq(4), None, true));
        assert!(at("00000000000000aa:8").1.is_some() && at("00000000000000a9:5").1.is_some());
        assert!(at("00000000000000a8:1").1.is_some());
    }

    #[test]
    fn foreign_hashes_are_refused() {
        let none = Value::Array(vec![Value::Nil; FIELDS.len()]);
        assert!(Meta::read(none).unwrap().is_none());
        let mut fields = vec![Value::Nil; FIELDS.len()];
        fields[0] = Value::BulkString(b"2".to_vec());
        assert_eq!(Meta::read(Value::Array(fields)).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
