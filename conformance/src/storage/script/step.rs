//! The steps of a script.
//!
//! They speak of the state that they will meet ("the head", "where the cursor is"), so that a script still means something
//! after steps before it were taken away. [`Display`](fmt::Display) is the line of the table that a failing script prints.

use super::selection::SelectorStep;
use std::fmt;

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Commit(CommitStep),
    Read(ReadStep),
    Trim(TrimStep),
    /// Removes a channel, by its place in [`CHANNELS`].
    DeleteChannel(usize),
    /// Looks at everything that is not an event.
    Inspect,
    Reopen,
}

#[derive(Clone, Debug)]
pub(crate) struct CommitStep {
    pub(crate) id: Option<usize>,
    pub(crate) events: Vec<EventStep>,
    pub(crate) expect: ExpectStep,
    pub(crate) cursors: Vec<(usize, CursorStep)>,
    pub(crate) records: Vec<(usize, RecordStep)>,
}

#[derive(Clone, Debug)]
pub(crate) struct EventStep {
    pub(crate) channel: usize,
    /// One of a few ids that come again; `None` is a new one.
    pub(crate) id: Option<usize>,
    pub(crate) source: Option<usize>,
    pub(crate) size: usize,
    pub(crate) header: bool,
    /// In minutes.
    pub(crate) age: u64,
}

/// What a commit expects; wrong is by one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ExpectStep {
    Any,
    Head { wrong: bool },
    ChannelHead { channel: usize, wrong: bool },
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum CursorStep {
    Create(u64),
    Advance(u64),
    /// Expects it one further than it is.
    Misplaced,
    Back,
    Unforced,
    Force(u64),
    Remove,
    BeyondHead,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordStep {
    pub(crate) expect: RecordState,
    /// `None` removes it.
    pub(crate) value: Option<u8>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum RecordState {
    Any,
    Absent,
    AsItIs,
    Wrong,
}

#[derive(Clone, Debug)]
pub(crate) struct ReadStep {
    pub(crate) selector: SelectorStep,
    pub(crate) start: StartStep,
    /// So far below the head.
    pub(crate) until: Option<u64>,
    pub(crate) newest_first: bool,
    pub(crate) limit: usize,
    pub(crate) max_bytes: usize,
}

/// Where a read starts; numbers count down from one above the head.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StartStep {
    Earliest,
    Latest,
    After(u64),
    At(u64),
    OtherEpoch(u64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct TrimStep {
    pub(crate) events: Option<u64>,
    pub(crate) bytes: Option<u64>,
    /// In minutes.
    pub(crate) age: Option<u64>,
}

/// Names that are easily taken for one another or for their parents.
pub(crate) const CHANNELS: [&str; 10] =
    ["/a", "/a/b", "/a/b/c", "/ab", "/a/", "/a//b", "/a/b_", "/a/bc", "/A", "/ä/日本"];
pub(crate) const PATTERNS: [&str; 6] = ["/**", "/*", "/a/*", "/a/**", "/*/b", "/a/*/c"];
pub(crate) const SOURCES: [&str; 2] = ["me", "you"];
/// How many different ids, cursors and records the scripts use.
pub(crate) const NAMES: usize = 3;

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit(step) => write!(f, "commit  {step}"),
            Self::Read(step) => write!(f, "read    {step}"),
            Self::Trim(step) => write!(f, "trim    {step}"),
            Self::DeleteChannel(channel) => write!(f, "delete  {}", CHANNELS[*channel]),
            Self::Inspect => f.write_str("inspect"),
            Self::Reopen => f.write_str("reopen"),
        }
    }
}

impl fmt::Display for CommitStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(id) = self.id {
            write!(f, "id=C{id}; ")?;
        }
        match self.expect {
            ExpectStep::Any => {}
            ExpectStep::Head { wrong } => write!(f, "expect {}head; ", not(wrong))?,
            ExpectStep::ChannelHead { channel, wrong } => {
                write!(f, "expect {}head of {}; ", not(wrong), CHANNELS[channel])?;
            }
        }
        for event in &self.events {
            write!(f, "{event}; ")?;
        }
        for (cursor, step) in &self.cursors {
            write!(f, "cursor c{cursor} {step:?}; ")?;
        }
        for (record, RecordStep { expect, value }) in &self.records {
            match value {
                Some(value) => write!(f, "record r{record} if {expect:?} = {value}; ")?,
                None => write!(f, "record r{record} if {expect:?} removed; ")?,
            }
        }
        Ok(())
    }
}

fn not(wrong: bool) -> &'static str {
    if wrong { "not the " } else { "the " }
}

impl fmt::Display for EventStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(CHANNELS[self.channel])?;
        if let Some(id) = self.id {
            write!(f, " id=E{id}")?;
        }
        if let Some(source) = self.source {
            write!(f, " by {}", SOURCES[source])?;
        }
        write!(f, " {}B", self.size)?;
        if self.header {
            f.write_str(" +header")?;
        }
        if self.age > 0 {
            write!(f, " {}min old", self.age)?;
        }
        Ok(())
    }
}

impl fmt::Display for ReadStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.selector)?;
        match self.start {
            StartStep::Earliest => write!(f, "from earliest")?,
            StartStep::Latest => write!(f, "from latest")?,
            StartStep::After(below) => write!(f, "after head+1-{below}")?,
            StartStep::At(below) => write!(f, "at epoch:head+1-{below}")?,
            StartStep::OtherEpoch(below) => write!(f, "at another epoch:head+1-{below}")?,
        }
        if let Some(until) = self.until {
            write!(f, " until head-{until}")?;
        }
        let order = if self.newest_first { ", newest first" } else { "" };
        write!(f, ", pages of {} or {}B{order}", self.limit, self.max_bytes)
    }
}

impl fmt::Display for TrimStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = [(self.events, " events"), (self.bytes, "B"), (self.age, " minutes")];
        let limits: Vec<_> =
            limits.iter().filter_map(|(most, what)| most.map(|most| format!("{most}{what}"))).collect();
        write!(f, "to {}", if limits.is_empty() { "no limit".to_owned() } else { limits.join(", ") })
    }
}
