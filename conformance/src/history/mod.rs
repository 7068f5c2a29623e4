//! What clients tried and saw, and what is wrong with it, in Jepsen's words.
//!
//! Clients write down what they do while they do it, with a logical clock that orders what did not overlap. When everything is
//! over, [`check`] compares what they were told with the log, which one last reader drained to a sentinel.

mod check;

pub(crate) use check::{Counts, check, shows_removed};

use eventweir::{ChannelName, Selector, Sequence, Source};
use parking_lot::Mutex;
use std::sync::Arc;

/// What happened, from the view of all clients.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    clock: u64,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) readers: Vec<Reader>,
    pub(crate) removals: Vec<Removal>,
    /// The log in the end, oldest first.
    pub(crate) log: Vec<Sighting>,
}

/// An event that a client meant to publish. Its key is unique, and stands in its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) key: String,
    pub(crate) channel: ChannelName,
    pub(crate) source: Option<Source>,
}

/// One call that publishes, from the moment it was made to the moment its answer came. A retry is another attempt with the
/// same keys.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) client: String,
    pub(crate) events: Vec<Sent>,
    pub(crate) invoked: u64,
    /// `u64::MAX` while there is no answer.
    pub(crate) returned: u64,
    pub(crate) outcome: Outcome,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It happened; where each event is, if that was said.
    Acknowledged(Vec<Option<Sequence>>),
    /// It did not happen, and never will.
    Refused,
    /// It may have happened, wholly or not at all: no answer, or one that does not know.
    Unknown,
}

/// A reader, over all its reconnects.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(crate) name: String,
    pub(crate) selector: Selector,
    /// The clock when it asked to read.
    pub(crate) asked: u64,
    /// The clock when it was following, of a reader that began with what comes; `None` for one that began with the oldest.
    /// What was tried after this must come; what was acknowledged before it asked must not.
    pub(crate) latest_since: Option<u64>,
    /// Whether it ended before it had read everything.
    pub(crate) stopped: bool,
    pub(crate) saw: Vec<Saw>,
}

/// What a reader was told, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Saw {
    Event(Sighting),
    Gap(Option<Sequence>),
    Reset,
    /// The connection was lost, and another one went on.
    Resumed,
}

/// An event that was seen, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) key: String,
    pub(crate) sequence: Option<Sequence>,
    pub(crate) channel: Option<ChannelName>,
    pub(crate) at: u64,
}

/// Events that were removed on purpose.
#[derive(Clone, Debug)]
pub(crate) struct Removal {
    pub(crate) invoked: u64,
    /// `u64::MAX` while there is no answer.
    pub(crate) returned: u64,
    pub(crate) what: Removed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Removed {
    /// The oldest of all, whatever their channel.
    Oldest,
    /// All events of a channel.
    Channel(ChannelName),
    /// Everything: the stream was begun anew, or its volatile store was ended.
    Everything,
}

/// Writes a history down, from any number of tasks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Arc<Mutex<History>>);

impl Recorder {
    /// Notes that a client publishes, and returns the attempt's number.
    pub(crate) fn attempt(&self, client: &str, events: Vec<Sent>) -> usize {
        let mut history = self.0.lock();
        let invoked = history.tick();
        let (client, outcome) = (client.to_owned(), Outcome::Unknown);
        history.attempts.push(Attempt { client, events, invoked, returned: u64::MAX, outcome });
        history.attempts.len() - 1
    }

    /// Notes what came of an attempt.
    pub(crate) fn outcome(&self, attempt: usize, outcome: Outcome) {
        let mut history = self.0.lock();
        let now = history.tick();
        if let Some(attempt) = history.attempts.get_mut(attempt) {
            (attempt.returned, attempt.outcome) = (now, outcome);
        }
    }

    /// Notes that a reader asks to begin, and returns its number.
    pub(crate) fn reader(&self, name: &str, selector: &Selector, latest: bool) -> usize {
        let mut history = self.0.lock();
        let now = history.tick();
        history.readers.push(Reader {
            name: name.to_owned(),
            selector: selector.clone(),
            asked: now,
            latest_since: latest.then_some(now),
            stopped: false,
            saw: Vec::new(),
        });
        history.readers.len() - 1
    }

    /// Notes that a reader has begun: one that begins with what comes is given what is published from now on. Without this
    /// note it has begun when it asked.
    pub(crate) fn began(&self, reader: usize) {
        let mut history = self.0.lock();
        let now = history.tick();
        if let Some(reader) = history.readers.get_mut(reader) {
            reader.latest_since = reader.latest_since.map(|_| now);
        }
    }

    /// Notes that a reader asks once more: it was cut off before it had a place to go on from.
    pub(crate) fn asks_again(&self, reader: usize) {
        let mut history = self.0.lock();
        let now = history.tick();
        if let Some(reader) = history.readers.get_mut(reader) {
            reader.saw.clear();
            reader.asked = now;
            reader.latest_since = reader.latest_since.map(|_| now);
        }
    }

    /// Notes that a reader ended before it had read everything: only what stands before its last event was due to it.
    pub(crate) fn stopped(&self, reader: usize) {
        let mut history = self.0.lock();
        if let Some(reader) = history.readers.get_mut(reader) {
            reader.stopped = true;
        }
    }

    /// Notes what a reader was told.
    pub(crate) fn saw(&self, reader: usize, saw: impl FnOnce(u64) -> Saw) {
        let mut history = self.0.lock();
        let now = history.tick();
        if let Some(reader) = history.readers.get_mut(reader) {
            reader.saw.push(saw(now));
        }
    }

    /// Notes that events are removed, before they are, and returns the removal's number.
    pub(crate) fn removal(&self, what: Removed) -> usize {
        let mut history = self.0.lock();
        let invoked = history.tick();
        history.removals.push(Removal { invoked, returned: u64::MAX, what });
        history.removals.len() - 1
    }

    /// Notes that a removal is done.
    pub(crate) fn removed(&self, removal: usize) {
        let mut history = self.0.lock();
        let now = history.tick();
        if let Some(removal) = history.removals.get_mut(removal) {
            removal.returned = now;
        }
    }

    /// Ends the history with the log.
    pub(crate) fn finish(&self, log: Vec<Sighting>) -> History {
        let mut history = self.0.lock();
        history.log = log;
        history.clone()
    }
}

impl History {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }
}
