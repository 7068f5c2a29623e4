//! One commit, as the script wants it.

use crate::codec::head;
use crate::codec::pack::Pack;
use bytes::Bytes;
use eventweir::{
    ChannelName, Commit, CursorExpect, CursorMove, CursorTarget, Error, ErrorKind, Expect, Record,
    RecordChange, RecordExpect, Result,
};

/// No more data than this goes into one event: Redis refuses longer values, unless told otherwise.
const MOST_DATA: usize = (512 << 20) - 1024;

/// Everything about a commit that does not depend on who else is in its group.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(super) id: Option<Vec<u8>>,
    pub(super) events: Vec<PlannedEvent>,
    /// Of the expectation, if it names one.
    pub(super) expected_channel: Option<ChannelName>,
    pub(super) expect: (u64, u64),
    pub(super) cursor_count: usize,
    pub(super) cursors: Pack,
    pub(super) record_count: usize,
    pub(super) records: Pack,
    pub(super) bytes: usize,
}

#[derive(Debug)]
pub(super) struct PlannedEvent {
    pub(super) id: Vec<u8>,
    pub(super) channel: ChannelName,
    pub(super) head: Vec<u8>,
    pub(super) size: u64,
    pub(super) data: Bytes,
}

/// Returns why a commit cannot be carried out, whatever the store holds. Its id may be known all the same.
pub(crate) fn local_refusal(commit: &Commit) -> Result<()> {
    commit.check()?;
    if !commit.jobs.is_empty() {
        return Err(Error::new(ErrorKind::Unsupported, "the Redis driver keeps no jobs"));
    }
    match commit.append.iter().find(|event| event.data.len() > MOST_DATA) {
        Some(_) => Err(Error::new(ErrorKind::TooLarge, "Redis keeps at most 512 MiB in an event")),
        None => Ok(()),
    }
}

impl Plan {
    pub(crate) fn new(commit: &Commit) -> Self {
        let mut plan = Self { id: commit.id.as_ref().map(|id| id.as_str().into()), ..Self::default() };
        for event in &commit.append {
            plan.events.push(PlannedEvent {
                id: head::id_field(&event.id),
                channel: event.channel.clone(),
                head: head::write(event),
                size: (event.data.len() + event.headers.bytes()) as u64,
                data: event.data.clone(),
            });
        }
        (plan.expect, plan.expected_channel) = match &commit.expect {
            Expect::Any => ((0, 0), None),
            Expect::Head(head) => ((1, head.get()), None),
            Expect::ChannelHead(channel, last) => ((2, last.get()), Some(channel.clone())),
        };
        plan.cursor_count = commit.cursors.len();
        commit.cursors.iter().for_each(|change| cursor(&mut plan.cursors, change));
        plan.record_count = commit.records.len();
        commit.records.iter().for_each(|change| record(&mut plan.records, change));
        let events: usize = plan.events.iter().map(PlannedEvent::bytes).sum();
        plan.bytes = events + plan.cursors.len() + plan.records.len();
        plan
    }

    /// Returns whether it is events and nothing else: nothing can refuse it then.
    pub(super) fn is_plain(&self) -> bool {
        self.id.is_none() && self.expect == (0, 0) && self.cursor_count == 0 && self.record_count == 0
    }

    /// Asks only whether the commit's id is known, for a commit that cannot be carried out.
    pub(crate) fn id_only(commit: &Commit) -> Self {
        Self { id: commit.id.as_ref().map(|id| id.as_str().into()), expect: (9, 0), ..Self::default() }
    }
}

impl PlannedEvent {
    fn bytes(&self) -> usize {
        self.id.len() + self.channel.as_str().len() + self.head.len() + self.data.len()
    }
}

/// name, expected, at, target, to, forced, time
fn cursor(pack: &mut Pack, change: &CursorMove) {
    let (expected, at) = match change.expect {
        CursorExpect::Absent => (0, 0),
        CursorExpect::At(at) => (1, at.get()),
        CursorExpect::Anywhere => (2, 0),
    };
    let (target, to) = match change.to {
        CursorTarget::Removed => (0, 0),
        CursorTarget::To(to) => (1, to.get()),
    };
    pack.array(7).text(change.name.as_str()).number(expected).exact(at).number(target).exact(to);
    pack.number(u64::from(change.forced)).exact(change.time.as_millis().unsigned_abs());
}

/// key, expected, version, action, value
fn record(pack: &mut Pack, change: &RecordChange) {
    let (expected, version) = match change.expect {
        RecordExpect::Absent => (0, 0),
        RecordExpect::Version(version) => (1, version),
        RecordExpect::Any => (2, 0),
    };
    // What is too large is refused after what comes before it; it needs not travel for that.
    let (action, value) = match &change.value {
        None => (0, &[][..]),
        Some(value) if value.len() > Record::MAX_BYTES => (2, &[][..]),
        Some(value) => (1, &value[..]),
    };
    pack.array(5).text(change.key.as_str()).number(expected).exact(version).number(action).bytes(value);
}
