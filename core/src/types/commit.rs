//! The one atomic write.

use super::{
    ChannelName, CommitId, ContentType, CursorMove, EventId, Headers, RecordChange, Sequence, Source,
    Timestamp,
};
use crate::jobs::JobChange;
use crate::{Error, ErrorKind, Result, json};
use bytes::Bytes;
use serde::Serialize;

/// Holds everything that is to happen together, in one stream: events, cursor moves, record and job changes.
///
/// It is all or nothing, for readers too. With an [`id`](Self::id), a repetition within the promised window has no second
/// effect and returns the first receipt; without one, only its events are protected, each by its own id.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Commit {
    /// Makes the whole commit idempotent.
    pub id: Option<CommitId>,
    /// Events to append, in this order.
    pub append: Vec<NewEvent>,
    /// What must hold for the commit to happen.
    pub expect: Expect,
    /// Cursors to move.
    pub cursors: Vec<CursorMove>,
    /// Records to change.
    pub records: Vec<RecordChange>,
    /// Jobs to enqueue, complete or fail.
    pub jobs: Vec<JobChange>,
}

impl Commit {
    /// Makes an empty commit.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a commit that appends events.
    pub fn append(events: impl IntoIterator<Item = NewEvent>) -> Self {
        Self { append: events.into_iter().collect(), ..Self::default() }
    }

    /// Adds an event.
    pub fn with_event(mut self, event: NewEvent) -> Self {
        self.append.push(event);
        self
    }

    /// Sets the commit's id.
    pub fn with_id(mut self, id: CommitId) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets what must hold.
    pub fn with_expect(mut self, expect: Expect) -> Self {
        self.expect = expect;
        self
    }

    /// Adds a cursor move.
    pub fn with_cursor(mut self, cursor: CursorMove) -> Self {
        self.cursors.push(cursor);
        self
    }

    /// Adds a record change.
    pub fn with_record(mut self, record: RecordChange) -> Self {
        self.records.push(record);
        self
    }

    /// Returns whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.append.is_empty() && self.cursors.is_empty() && self.records.is_empty() && self.jobs.is_empty()
    }

    /// Returns whether a repetition without a commit id would be harmful: more than events by their own ids is at stake.
    pub fn needs_id(&self) -> bool {
        self.expect != Expect::Any
            || !self.cursors.is_empty()
            || !self.records.is_empty()
            || !self.jobs.is_empty()
    }

    /// Returns the bytes of all data and headers.
    pub fn bytes(&self) -> usize {
        self.append.iter().map(|event| event.data.len() + event.headers.bytes()).sum()
    }

    /// Checks what needs no store: no cursor or record named twice.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput), naming the one that comes twice.
    pub fn check(&self) -> Result<()> {
        for (at, cursor) in self.cursors.iter().enumerate() {
            if self.cursors[..at].iter().any(|other| other.name == cursor.name) {
                return Err(Error::invalid(format!("the commit moves the cursor {:?} twice", cursor.name)));
            }
        }
        for (at, record) in self.records.iter().enumerate() {
            if self.records[..at].iter().any(|other| other.key == record.key) {
                return Err(Error::invalid(format!("the commit changes the record {:?} twice", record.key)));
            }
        }
        Ok(())
    }
}

/// Says what must hold for a commit to happen, as the store sees it in the same atomic step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    #[default]
    Any,
    /// The stream's head is this sequence.
    Head(Sequence),
    /// The last event ever published to the channel has this sequence; zero when there was none.
    ///
    /// It counts events that retention removed, as long as the store remembers the channel.
    ChannelHead(ChannelName, Sequence),
}

impl Expect {
    /// Makes the error that tells a failed expectation.
    pub fn failed(&self, actual: Sequence) -> Error {
        let message = match self {
            Self::Any => "an expectation does not hold".to_owned(),
            Self::Head(expected) => format!("the stream's head is {actual}, not {expected} as expected"),
            Self::ChannelHead(channel, expected) => {
                format!("the last sequence of {channel} is {actual}, not {expected} as expected")
            }
        };
        Error::new(ErrorKind::Conflict, message)
    }
}

/// Holds an event that is to be published.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NewEvent {
    /// The idempotency key; a new UUIDv7 unless set.
    pub id: EventId,
    /// The channel to publish to.
    pub channel: ChannelName,
    /// When the broker took it. A session overwrites it with the broker's clock.
    pub time: Timestamp,
    /// The publishing client.
    pub source: Option<Source>,
    /// Attributes.
    pub headers: Headers,
    /// What the data is; `application/octet-stream` unless set.
    pub content_type: ContentType,
    /// The event itself.
    pub data: Bytes,
}

impl NewEvent {
    /// Makes an event of any bytes, with a new id.
    pub fn new(channel: ChannelName, data: impl Into<Bytes>) -> Self {
        Self::identified(EventId::generate(), channel, data)
    }

    /// Makes an event of any bytes, with an id that is known already.
    pub fn identified(id: EventId, channel: ChannelName, data: impl Into<Bytes>) -> Self {
        Self {
            id,
            channel,
            time: Timestamp::MIN,
            source: None,
            headers: Headers::default(),
            content_type: ContentType::BINARY,
            data: data.into(),
        }
    }

    /// Makes an event whose data is `value` as JSON.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) when the value cannot be written as JSON.
    pub fn json(channel: ChannelName, value: &impl Serialize) -> Result<Self> {
        let data = serde_json::to_vec(value)
            .map_err(|error| Error::invalid("the value cannot be written as JSON").with_source(error))?;
        Ok(Self::new(channel, data).with_content_type(ContentType::JSON))
    }

    /// Sets the idempotency key.
    pub fn with_id(mut self, id: EventId) -> Self {
        self.id = id;
        self
    }

    /// Sets the publishing client.
    pub fn with_source(mut self, source: Source) -> Self {
        self.source = Some(source);
        self
    }

    /// Sets the attributes.
    pub fn with_headers(mut self, headers: Headers) -> Self {
        self.headers = headers;
        self
    }

    /// Sets what the data is.
    pub fn with_content_type(mut self, content_type: ContentType) -> Self {
        self.content_type = content_type;
        self
    }

    /// Checks that data said to be JSON is.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput), with the place.
    pub fn check(&self) -> Result<()> {
        if self.content_type.is_json() { json::check(&self.data) } else { Ok(()) }
    }
}
