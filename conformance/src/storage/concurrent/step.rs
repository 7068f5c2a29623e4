//! The rows of a script.
//!
//! They speak of what a client saw last ("the head that it saw"), so that a script still means something after rows before it
//! were taken away. [`Display`](fmt::Display) is the line of the table that a failing script prints.

use crate::storage::script::{CHANNELS, SOURCES, SelectorStep};
use std::fmt;

/// One step, of one client in one phase, or of the world after a phase.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) phase: usize,
    pub(crate) who: Who,
    pub(crate) step: Step,
}

/// The order is that of the table: the world steps in when the clients of a phase are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Client(usize),
    World,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Commit(CommitStep),
    /// Makes a commit again, with the same ids, whoever made it first: so many commits ago.
    Retry(usize),
    Read(ReadStep),
    /// Reads on where the client's own reader is.
    Follow {
        limit: usize,
    },
    Bounds,
    Cursor(usize),
    Record(usize),
    /// Moves a cursor and a record that everyone wants to move.
    Race,
    /// Keeps so many events.
    Trim(u64),
    /// Removes a channel, by its place in [`CHANNELS`].
    Delete(usize),
    Reopen,
    /// Does nothing: what is left of a step that the driver cannot be asked for.
    Rest,
}

#[derive(Clone, Debug)]
pub(crate) struct CommitStep {
    pub(crate) id: bool,
    pub(crate) events: Vec<EventStep>,
    pub(crate) expect: ExpectStep,
    pub(crate) cursor: Option<(usize, CursorStep)>,
    pub(crate) record: Option<(usize, RecordStep)>,
    /// Asked so many times whether it is done, and dropped then; made again, with the same id, at the end of the phase.
    pub(crate) dropped_after: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct EventStep {
    pub(crate) channel: usize,
    /// One of a few events that come again.
    pub(crate) known: Option<usize>,
    pub(crate) source: Option<usize>,
}

/// What a commit expects, of what its client saw last.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ExpectStep {
    Any,
    Head(Off),
    ChannelHead(usize, Off),
}

/// How far from what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Off {
    Exactly,
    OneBelow,
    OneAbove,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum CursorStep {
    /// From where it was seen, by so much.
    Advance(u64),
    /// From where it was seen, by one, which is refused.
    Back,
    /// To so far below the head, wherever it is.
    Force(u64),
    Remove,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum RecordStep {
    /// Whatever it is, to the same value each time.
    Any,
    /// If it is as it was seen.
    AsSeen,
    /// Removes it, if it is as it was seen.
    Remove,
}

#[derive(Clone, Debug)]
pub(crate) struct ReadStep {
    pub(crate) selector: SelectorStep,
    pub(crate) start: StartStep,
    /// So far below the head that was seen.
    pub(crate) until: Option<u64>,
    pub(crate) newest_first: bool,
    pub(crate) limit: usize,
}

/// Where a read starts; numbers count down from the head that was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StartStep {
    Earliest,
    Latest,
    After(u64),
    At(u64),
    OtherEpoch(u64),
}

/// How many cursors and records the scripts use.
pub(crate) const NAMES: usize = 2;
/// The ids of events that come again: easily taken for one another.
pub(crate) const KNOWN: [&str; 3] = ["E", "e", "E "];

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = match self.who {
            Who::Client(number) => format!("client {}", number + 1),
            Who::World => "then".to_owned(),
        };
        write!(f, "phase {}  {who:<8}  {}", self.phase + 1, self.step)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit(step) => write!(f, "commit  {step}"),
            Self::Retry(back) => write!(f, "retry   the commit made {} before", back + 1),
            Self::Read(step) => write!(f, "read    {step}"),
            Self::Follow { limit } => write!(f, "follow  {limit} on"),
            Self::Bounds => f.write_str("bounds"),
            Self::Cursor(number) => write!(f, "look at c{number}"),
            Self::Record(number) => write!(f, "look at r{number}"),
            Self::Race => f.write_str("race    for the cursor and the record"),
            Self::Trim(keep) => write!(f, "trim    to {keep} events"),
            Self::Delete(channel) => write!(f, "delete  {}", CHANNELS[*channel]),
            Self::Reopen => f.write_str("reopen"),
            Self::Rest => f.write_str("rest"),
        }
    }
}

impl fmt::Display for CommitStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.id {
            parts.push("with an id".to_owned());
        }
        match self.expect {
            ExpectStep::Any => {}
            ExpectStep::Head(off) => parts.push(format!("expect the head seen{off}")),
            ExpectStep::ChannelHead(channel, off) => {
                parts.push(format!("expect the head seen of {}{off}", CHANNELS[channel]));
            }
        }
        parts.extend(self.events.iter().map(EventStep::to_string));
        if let Some((number, step)) = self.cursor {
            parts.push(format!("c{number} {step:?}"));
        }
        if let Some((number, step)) = self.record {
            parts.push(format!("r{number} {step:?}"));
        }
        if let Some(polls) = self.dropped_after {
            parts.push(format!("dropped after {polls} polls"));
        }
        f.write_str(&parts.join("; "))
    }
}

impl fmt::Display for EventStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.known, self.source) {
            (Some(known), _) => write!(f, "{} id={:?}", CHANNELS[known], KNOWN[known]),
            (None, Some(source)) => write!(f, "{} by {}", CHANNELS[self.channel], SOURCES[source]),
            (None, None) => f.write_str(CHANNELS[self.channel]),
        }
    }
}

impl fmt::Display for Off {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exactly => "",
            Self::OneBelow => " - 1",
            Self::OneAbove => " + 1",
        })
    }
}

impl fmt::Display for ReadStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.selector)?;
        match self.start {
            StartStep::Earliest => f.write_str("from earliest")?,
            StartStep::Latest => f.write_str("from latest")?,
            StartStep::After(below) => write!(f, "after head-{below}")?,
            StartStep::At(below) => write!(f, "at epoch:head-{below}")?,
            StartStep::OtherEpoch(below) => write!(f, "at another epoch:head-{below}")?,
        }
        if let Some(until) = self.until {
            write!(f, " until head-{until}")?;
        }
        let order = if self.newest_first { ", newest first" } else { "" };
        write!(f, ", at most {}{order}", self.limit)
    }
}
