//! A stream's record: which incarnation it is, and what was removed from it. What was added is in the log.

use crate::document::corrupt;
use crate::layout::epoch_field;
use eventweir::{ChannelName, Epoch, Result, Sequence};
use mongodb::bson::{Bson, Document, RawDocument, doc};

/// Holds what `weir_streams` says of a stream.
///
/// Every removal is decided by one compare-and-set here, on [`version`](Self::version), before anything is removed. So whoever
/// reads the record after the log, and finds the version that it knew before, has seen the log as it was in between.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StreamRecord {
    pub(crate) epoch: Epoch,
    /// Counts removals.
    pub(crate) version: i64,
    /// The sequence of the oldest retained event; one above the head when there is none.
    pub(crate) first: Sequence,
    /// What is below is in `weir_removed` and may leave the log. At most `first`.
    pub(crate) folded: Sequence,
    /// From the documents that end below, the events were taken. At most `folded`.
    pub(crate) stripped: Sequence,
    /// The cursors and records of log documents up to this number are in `weir_state` too. The documents may be gone.
    pub(crate) settled: u64,
    /// From the documents up to this number, cursors and records were taken. At most `settled`.
    pub(crate) cleared: u64,
    /// Events that were removed, and their bytes.
    pub(crate) gone_events: u64,
    pub(crate) gone_bytes: u64,
    /// The greatest sequence that was removed.
    pub(crate) gone_to: Sequence,
    /// Of what was removed up to here nobody knows any more in which channels it was.
    pub(crate) forgotten_to: Sequence,
    /// Counts deletions of channels.
    pub(crate) deletions: u64,
    /// Deletions that are not yet carried out in the log.
    pub(crate) deleting: Vec<Deletion>,
}

/// Says that a channel's events up to a sequence are removed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Deletion {
    pub(crate) channel: ChannelName,
    /// The sequence of the last one.
    pub(crate) to: Sequence,
}

impl StreamRecord {
    pub(crate) fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            version: 0,
            first: Sequence::ZERO.next(),
            folded: Sequence::ZERO.next(),
            stripped: Sequence::ZERO.next(),
            settled: 0,
            cleared: 0,
            gone_events: 0,
            gone_bytes: 0,
            gone_to: Sequence::ZERO,
            forgotten_to: Sequence::ZERO,
            deletions: 0,
            deleting: Vec::new(),
        }
    }

    /// Returns whether nothing was removed between this reading of the record and another one.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        self.epoch == other.epoch && self.version == other.version && self.folded == other.folded
    }

    /// Compares records of one incarnation: the later one has the greater age.
    pub(crate) fn age(&self) -> (i64, Sequence, u64) {
        (self.version, self.folded, self.settled)
    }

    /// Returns whether an event is retained, as far as the record knows.
    pub(crate) fn retains(&self, channel: &str, sequence: Sequence) -> bool {
        let deleted = |deletion: &Deletion| sequence <= deletion.to && deletion.channel.as_str() == channel;
        sequence >= self.first && !self.deleting.iter().any(deleted)
    }

    pub(crate) fn to_document(&self, name: &str) -> Document {
        let deleting = self.deleting.iter().map(Deletion::to_bson).collect::<Vec<_>>();
        doc! {
            "_id": name,
            "s": epoch_field(self.epoch),
            "v": self.version,
            "first": self.first.to_i64(),
            "folded": self.folded.to_i64(),
            "stripped": self.stripped.to_i64(),
            "settled": self.settled as i64,
            "cleared": self.cleared as i64,
            "gone_events": self.gone_events as i64,
            "gone_bytes": self.gone_bytes as i64,
            "gone_to": self.gone_to.to_i64(),
            "forgotten_to": self.forgotten_to.to_i64(),
            "deletions": self.deletions as i64,
            "deleting": deleting,
        }
    }

    pub(crate) fn of(document: &Document) -> Result<Self> {
        read(document).ok_or_else(|| corrupt("a stream's record cannot be read"))
    }

    pub(crate) fn of_raw(document: &RawDocument) -> Result<Self> {
        Self::of(&Document::try_from(document).map_err(|_| corrupt("a stream's record cannot be read"))?)
    }
}

impl Deletion {
    pub(crate) fn to_bson(&self) -> Bson {
        doc! { "c": self.channel.as_str(), "to": self.to.to_i64() }.into()
    }
}

fn read(document: &Document) -> Option<StreamRecord> {
    let number = |name: &str| match document.get(name)? {
        Bson::Int64(number) => Some(*number),
        Bson::Int32(number) => Some(i64::from(*number)),
        _ => None,
    };
    let count = |name: &str| number(name).and_then(|number| u64::try_from(number).ok());
    let sequence = |name: &str| count(name).and_then(|number| Sequence::new(number).ok());
    let deleting = document.get_array("deleting").ok()?.iter().map(|deletion| {
        let deletion = deletion.as_document()?;
        let channel = ChannelName::new(deletion.get_str("c").ok()?).ok()?;
        Some(Deletion { channel, to: Sequence::from_i64(deletion.get_i64("to").ok()?) })
    });
    Some(StreamRecord {
        epoch: Epoch::new(count("s")?).ok()?,
        version: number("v")?,
        first: sequence("first")?,
        folded: sequence("folded")?,
        stripped: sequence("stripped")?,
        settled: count("settled")?,
        cleared: count("cleared")?,
        gone_events: count("gone_events")?,
        gone_bytes: count("gone_bytes")?,
        gone_to: sequence("gone_to")?,
        forgotten_to: sequence("forgotten_to")?,
        deletions: count("deletions")?,
        deleting: deleting.collect::<Option<Vec<_>>>()?,
    })
}
