//! Decides a group of commits one after another, as if each had the log to itself.

use super::lookup::Lookups;
use crate::document::{MOST_BYTES, Tip, binary, commit_id_key, encode, size};
use crate::layout::{channel_tag, cursor_tag, epoch_field, log_key, record_tag, tags_below};
use bytes::Bytes;
use eventweir::{
    Appended, ChannelName, Commit, CommitId, Cursor, CursorName, Epoch, Error, ErrorKind, EventId, Expect,
    NewEvent, Receipt, RecordKey, Result, Sequence, StreamName,
};
use mongodb::bson::raw::cstr;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{RawArrayBuf, RawDocumentBuf};
use std::collections::{BTreeSet, HashMap};

/// The state that the commits of a group see and change.
pub(super) struct Draft<'a> {
    epoch: Epoch,
    tip: Tip,
    first: Sequence,
    head: Sequence,
    bytes: u64,
    lookups: &'a Lookups,
    events: Vec<(Sequence, &'a NewEvent)>,
    ids: HashMap<&'a EventId, Sequence>,
    channels: HashMap<&'a ChannelName, Sequence>,
    commits: HashMap<&'a CommitId, Receipt>,
    /// In the order in which they came.
    receipts: Vec<&'a CommitId>,
    cursors: HashMap<&'a CursorName, Option<Cursor>>,
    records: HashMap<&'a RecordKey, Option<(u64, Bytes)>>,
}

impl<'a> Draft<'a> {
    /// Begins at an end of the log.
    pub(super) fn new(epoch: Epoch, tip: Tip, lookups: &'a Lookups) -> Self {
        Self {
            epoch,
            tip,
            first: tip.head.next(),
            head: tip.head,
            bytes: tip.bytes,
            lookups,
            events: Vec::new(),
            ids: HashMap::new(),
            channels: HashMap::new(),
            commits: HashMap::new(),
            receipts: Vec::new(),
            cursors: HashMap::new(),
            records: HashMap::new(),
        }
    }

    /// Decides a commit, all checks first: a refused one leaves nothing behind.
    pub(super) fn decide(&mut self, commit: &'a Commit, bytes: usize) -> Result<Receipt> {
        if let Some(id) = &commit.id
            && let Some(first) = self.commits.get(id).or_else(|| self.lookups.commits.get(id))
        {
            return Ok(Receipt { repeated: true, ..first.clone() });
        }
        commit.check()?;
        if !commit.jobs.is_empty() {
            return Err(Error::new(ErrorKind::Unsupported, "the Mongo driver keeps no jobs"));
        }
        self.check_expectation(&commit.expect)?;
        let places = self.place(commit);
        let head = places.iter().map(|placed| placed.sequence).fold(self.head, Sequence::max);
        let cursors = commit
            .cursors
            .iter()
            .map(|change| change.decide(self.cursor(&change.name), head))
            .collect::<Result<Vec<_>>>()?;
        let records = commit
            .records
            .iter()
            .map(|change| change.decide(self.record(&change.key)))
            .collect::<Result<Vec<_>>>()?;
        if bytes > MOST_BYTES {
            return Err(Error::new(
                ErrorKind::TooLarge,
                "the commit takes more than 15 MiB, and a document of MongoDB has at most 16",
            ));
        }

        for (event, placed) in commit.append.iter().zip(&places).filter(|(_, placed)| !placed.duplicate) {
            self.append(placed.sequence, event);
        }
        for (change, to) in commit.cursors.iter().zip(cursors) {
            let cursor =
                to.map(|sequence| Cursor { name: change.name.clone(), sequence, moved: change.time });
            self.cursors.insert(&change.name, cursor);
        }
        for (change, version) in commit.records.iter().zip(records) {
            let record = version.and_then(|version| Some((version, change.value.clone()?)));
            self.records.insert(&change.key, record);
        }
        let receipt = Receipt { epoch: self.epoch, head: self.head, events: places, repeated: false };
        if let Some(id) = &commit.id {
            self.commits.insert(id, receipt.clone());
            self.receipts.push(id);
        }
        Ok(receipt)
    }

    fn check_expectation(&self, expect: &Expect) -> Result<()> {
        let (actual, expected) = match expect {
            Expect::Any => return Ok(()),
            Expect::Head(expected) => (self.head, *expected),
            Expect::ChannelHead(channel, expected) => {
                let looked_up = || self.lookups.channels.get(channel);
                let last = self.channels.get(channel).or_else(looked_up);
                (last.copied().unwrap_or_default(), *expected)
            }
        };
        if actual == expected { Ok(()) } else { Err(expect.failed(actual)) }
    }

    /// Gives each event its sequence, or the first one of its id: known before, or earlier in this group or commit.
    fn place(&self, commit: &Commit) -> Vec<Appended> {
        let mut fresh: HashMap<&EventId, Sequence> = HashMap::new();
        let mut next = self.head.next();
        let mut placed = Vec::with_capacity(commit.append.len());
        for event in &commit.append {
            let before = self.lookups.events.get(&event.id).or_else(|| self.ids.get(&event.id));
            let known = before.or_else(|| fresh.get(&event.id)).copied();
            let sequence = known.unwrap_or(next);
            if known.is_none() {
                fresh.insert(&event.id, next);
                next = next.next();
            }
            placed.push(Appended { sequence, duplicate: known.is_some() });
        }
        placed
    }

    fn append(&mut self, sequence: Sequence, event: &'a NewEvent) {
        self.head = sequence;
        self.bytes += size(event);
        self.ids.insert(&event.id, sequence);
        self.channels.insert(&event.channel, sequence);
        self.events.push((sequence, event));
    }

    fn cursor(&self, name: &CursorName) -> Option<Sequence> {
        match self.cursors.get(name) {
            Some(cursor) => cursor.as_ref().map(|cursor| cursor.sequence),
            None => self.lookups.cursors.get(name).copied().flatten(),
        }
    }

    fn record(&self, key: &RecordKey) -> Option<u64> {
        match self.records.get(key) {
            Some(record) => record.as_ref().map(|(version, _)| *version),
            None => self.lookups.records.get(key).copied().flatten(),
        }
    }

    /// Writes the group down; `None` when nothing changes. Returns the log's end with it, too.
    pub(super) fn finish(self, name: &StreamName, writer: &[u8; 16]) -> (Option<RawDocumentBuf>, Tip) {
        let changes = self.events.len() + self.receipts.len() + self.cursors.len() + self.records.len();
        if changes == 0 {
            return (None, self.tip);
        }
        let tip = Tip {
            number: self.tip.number + 1,
            head: self.head,
            events: self.tip.events + self.events.len() as u64,
            bytes: self.bytes,
        };
        let mut document = RawDocumentBuf::new();
        document.append(cstr!("_id"), log_key(self.epoch, tip.number));
        document.append(cstr!("s"), epoch_field(self.epoch));
        document.append(cstr!("n"), tip.number as i64);
        document.append(cstr!("name"), name.as_str());
        document.append(cstr!("w"), binary(BinarySubtype::Generic, writer));
        document.append(cstr!("head"), tip.head.to_i64());
        document.append(cstr!("te"), tip.events as i64);
        document.append(cstr!("tb"), tip.bytes as i64);
        self.write_events(&mut document);
        self.write_receipts(&mut document);
        self.write_state(&mut document);
        (Some(document), tip)
    }

    fn write_events(&self, document: &mut RawDocumentBuf) {
        let mut ids = RawArrayBuf::new();
        for (_, event) in &self.events {
            match event.id.as_uuid() {
                Some(uuid) => ids.push(binary(BinarySubtype::Uuid, &uuid)),
                None => ids.push(format!("e{}", event.id.as_str())),
            }
        }
        for id in &self.receipts {
            ids.push(commit_id_key(id.as_str()));
        }
        if !self.events.is_empty() {
            document.append(cstr!("first"), self.first.to_i64());
            document.append(cstr!("last"), self.head.to_i64());
        }
        if !self.events.is_empty() || !self.receipts.is_empty() {
            document.append(cstr!("ids"), ids);
        }
        if self.events.is_empty() {
            return;
        }
        let mut tags = BTreeSet::new();
        for channel in self.channels.keys() {
            tags.insert(channel_tag(channel.as_str()));
            tags.extend(tags_below(channel.as_str()));
        }
        document.append(cstr!("ch"), tags.iter().map(String::as_str).collect::<RawArrayBuf>());
        let events = self.events.iter().map(|(sequence, event)| encode(*sequence, event));
        document.append(cstr!("ev"), events.collect::<RawArrayBuf>());
    }

    fn write_receipts(&self, document: &mut RawDocumentBuf) {
        let mut receipts = RawArrayBuf::new();
        for id in &self.receipts {
            let Some(receipt) = self.commits.get(id) else { continue };
            let places = receipt.events.iter().map(|placed| {
                let sequence = placed.sequence.to_i64();
                if placed.duplicate { -sequence } else { sequence }
            });
            let mut entry = RawDocumentBuf::new();
            entry.append(cstr!("i"), id.as_str());
            entry.append(cstr!("head"), receipt.head.to_i64());
            entry.append(cstr!("e"), places.collect::<RawArrayBuf>());
            receipts.push(entry);
        }
        if !self.receipts.is_empty() {
            document.append(cstr!("rc"), receipts);
        }
    }

    fn write_state(&self, document: &mut RawDocumentBuf) {
        let mut tags = RawArrayBuf::new();
        let (mut cursors, mut records) = (RawArrayBuf::new(), RawArrayBuf::new());
        for (name, cursor) in &self.cursors {
            tags.push(cursor_tag(name.as_str()));
            let mut entry = RawDocumentBuf::new();
            entry.append(cstr!("k"), name.as_str());
            if let Some(cursor) = cursor {
                entry.append(cstr!("q"), cursor.sequence.to_i64());
                entry.append(cstr!("t"), cursor.moved.as_millis());
            }
            cursors.push(entry);
        }
        for (key, record) in &self.records {
            tags.push(record_tag(key.as_str()));
            let mut entry = RawDocumentBuf::new();
            entry.append(cstr!("k"), key.as_str());
            if let Some((version, value)) = record {
                entry.append(cstr!("v"), *version as i64);
                entry.append(cstr!("d"), binary(BinarySubtype::Generic, value));
            }
            records.push(entry);
        }
        if !self.cursors.is_empty() || !self.records.is_empty() {
            document.append(cstr!("st"), tags);
            document.append(cstr!("cu"), cursors);
            document.append(cstr!("re"), records);
        }
    }
}
