//! The documents of the log. One holds a group of commits:
//!
//! | field | |
//! |---|---|
//! | `_id` | incarnation and number, see [`log_key`](crate::layout::log_key): the number is one above the last document's, and whoever inserts it first wins |
//! | `s`, `n`, `name` | incarnation, number, the stream's name |
//! | `w` | chosen at random by the writer, to know its own document again |
//! | `head`, `te`, `tb` | the stream's head, and how many events and bytes it was ever given, after this group |
//! | `first`, `last` | the sequences of the events that the group appended; missing when there is none |
//! | `ids` | the ids of those events, in their order, and after them the ids of commits |
//! | `ch` | tags of the channels of those events, and of the channels above them |
//! | `ev` | the events that are retained: `q` sequence, `i` id, `c` channel, `t` time, `z` bytes, `d` data, and where there are some: `o` source, `k` content type, `h` headers |
//! | `rc` | receipts of commits with an id: `i` id, `head`, `e` sequences, negative when the event was there before |
//! | `st` | tags of cursors and records that the group changed |
//! | `cu`, `re` | where the cursors went and what the records became, missing when removed |
//! | `gone` | when the events left it, by the server's clock: what is left are ids |

use eventweir::{
    ChannelName, ContentType, Error, ErrorKind, Event, EventId, Headers, NewEvent, Result, Sequence, Source,
    Timestamp,
};
use mongodb::bson::raw::{RawBsonRef, RawDocument, cstr};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, RawArrayBuf, RawDocumentBuf};

/// What a document may have at most. MongoDB's limit is 16 MiB; the rest is for what stands around the events.
pub(crate) const MOST_BYTES: usize = 15 << 20;

pub(crate) fn corrupt(what: &'static str) -> Error {
    Error::new(ErrorKind::Corrupt, what)
}

/// Returns an event id as it is indexed.
pub(crate) fn event_id_key(id: &EventId) -> Bson {
    match id.as_uuid() {
        Some(uuid) => Binary { subtype: BinarySubtype::Uuid, bytes: uuid.to_vec() }.into(),
        None => format!("e{}", id.as_str()).into(),
    }
}

/// Returns a commit id as it is indexed. It is never taken for an event's.
pub(crate) fn commit_id_key(id: &str) -> String {
    format!("c{id}")
}

/// Reads an event id from the index's form; `None` when it is a commit's.
pub(crate) fn event_id_of(key: RawBsonRef<'_>) -> Option<EventId> {
    match key {
        RawBsonRef::Binary(uuid) => Some(EventId::from_uuid(uuid.bytes.try_into().ok()?)),
        RawBsonRef::String(text) => EventId::new(text.strip_prefix('e')?).ok(),
        _ => None,
    }
}

/// Returns the bytes of data and headers, which retention counts.
pub(crate) fn size(event: &NewEvent) -> u64 {
    (event.data.len() + event.headers.bytes()) as u64
}

/// Returns at least as many bytes as an event takes in a document.
pub(crate) fn most_bytes(event: &NewEvent) -> usize {
    let channel = event.channel.as_str();
    let above: usize = channel.match_indices('/').map(|(at, _)| at + 16).sum();
    let headers: usize = event.headers.iter().map(|(name, value)| name.len() + value.len() + 2 * 16).sum();
    let source = event.source.as_ref().map_or(0, |source| source.as_str().len());
    let id = event.id.as_str().len();
    event.data.len() + headers + source + 2 * id + 2 * channel.len() + above + 255 + 192
}

/// Encodes an event at its place.
pub(crate) fn encode(sequence: Sequence, event: &NewEvent) -> RawDocumentBuf {
    let mut document = RawDocumentBuf::new();
    document.append(cstr!("q"), sequence.to_i64());
    match event.id.as_uuid() {
        Some(uuid) => document.append(cstr!("i"), binary(BinarySubtype::Uuid, &uuid)),
        None => document.append(cstr!("i"), format!("e{}", event.id.as_str())),
    }
    document.append(cstr!("c"), event.channel.as_str());
    document.append(cstr!("t"), event.time.as_millis());
    document.append(cstr!("z"), size(event) as i64);
    if let Some(source) = &event.source {
        document.append(cstr!("o"), source.as_str());
    }
    if event.content_type != ContentType::BINARY {
        document.append(cstr!("k"), event.content_type.as_str());
    }
    if !event.headers.is_empty() {
        let mut headers = RawArrayBuf::new();
        for (name, value) in event.headers.iter() {
            headers.push(name);
            headers.push(value);
        }
        document.append(cstr!("h"), headers);
    }
    document.append(cstr!("d"), binary(BinarySubtype::Generic, &event.data));
    document
}

/// Borrows bytes as a binary value.
pub(crate) fn binary(subtype: BinarySubtype, bytes: &[u8]) -> RawBsonRef<'_> {
    RawBsonRef::Binary(mongodb::bson::raw::RawBinaryRef { subtype, bytes })
}

/// Reads an event back.
pub(crate) fn decode(document: &RawDocument) -> Result<Event> {
    read(document).ok_or_else(|| corrupt("an event in the store cannot be read"))
}

fn read(document: &RawDocument) -> Option<Event> {
    let (mut sequence, mut id, mut channel, mut data) = (None, None, None, None);
    let (mut time, mut source) = (Timestamp::MIN, None);
    let (mut content_type, mut headers) = (ContentType::BINARY, Headers::default());
    for element in document.iter() {
        let (name, value) = element.ok()?;
        match (name.as_str(), value) {
            ("q", RawBsonRef::Int64(number)) => sequence = Some(Sequence::from_i64(number)),
            ("i", value) => id = Some(event_id_of(value)?),
            ("c", RawBsonRef::String(name)) => channel = Some(ChannelName::new(name).ok()?),
            ("t", RawBsonRef::Int64(millis)) => time = Timestamp::from_millis(millis),
            ("o", RawBsonRef::String(name)) => source = Some(Source::new(name).ok()?),
            ("k", RawBsonRef::String(name)) => content_type = ContentType::new(name).ok()?,
            ("h", RawBsonRef::Array(pairs)) => {
                let texts = pairs.into_iter().map(|text| text.ok()?.as_str());
                let texts = texts.collect::<Option<Vec<_>>>()?;
                headers = Headers::new(texts.chunks_exact(2).map(|pair| (pair[0], pair[1]))).ok()?;
            }
            ("d", RawBsonRef::Binary(bytes)) => data = Some(bytes.bytes.to_vec()),
            _ => {}
        }
    }
    let mut new = NewEvent::identified(id?, channel?, data?);
    (new.time, new.source, new.content_type, new.headers) = (time, source, content_type, headers);
    Some(Event::new(sequence?, new))
}

/// Holds the end of a stream's log: what the next document builds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tip {
    /// The number of the last document; 0 when there is none.
    pub(crate) number: u64,
    pub(crate) head: Sequence,
    /// How many events and bytes were ever appended.
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

impl Tip {
    /// The end of an empty log.
    pub(crate) const NONE: Self = Self { number: 0, head: Sequence::ZERO, events: 0, bytes: 0 };

    /// Reads what a log document says of the log up to itself.
    pub(crate) fn of(document: &RawDocument) -> Result<Self> {
        Ok(Self {
            number: number(document, "n")?,
            head: Sequence::from_i64(integer(document, "head")?),
            events: number(document, "te")?,
            bytes: number(document, "tb")?,
        })
    }
}

/// Reads a whole number.
pub(crate) fn integer(document: &RawDocument, field: &str) -> Result<i64> {
    let found = document.get(field).ok().flatten();
    match found {
        Some(RawBsonRef::Int64(number)) => Ok(number),
        Some(RawBsonRef::Int32(number)) => Ok(i64::from(number)),
        _ => Err(corrupt("a document of the log lacks a number that it should have")),
    }
}

/// Reads a whole number that is not negative.
pub(crate) fn number(document: &RawDocument, field: &str) -> Result<u64> {
    integer(document, field)?
        .try_into()
        .map_err(|_| corrupt("a document of the log has a negative number where there is none"))
}

/// Reads the sequences of a document's events; `None` when it has none.
pub(crate) fn span(document: &RawDocument) -> Result<Option<(Sequence, Sequence)>> {
    if document.get("first").ok().flatten().is_none() {
        return Ok(None);
    }
    let first = Sequence::from_i64(integer(document, "first")?);
    Ok(Some((first, Sequence::from_i64(integer(document, "last")?))))
}

/// Lists the documents in an array; none when it is missing.
pub(crate) fn documents<'a>(
    document: &'a RawDocument,
    field: &str,
) -> impl Iterator<Item = Result<&'a RawDocument>> {
    let array = document.get(field).ok().flatten().and_then(RawBsonRef::as_array);
    array.into_iter().flat_map(|array| array.into_iter()).map(|element| {
        let element = element.ok().and_then(|element| element.as_document());
        element.ok_or_else(|| corrupt("a document of the log holds something else where documents should be"))
    })
}

/// Reads a text.
pub(crate) fn text<'a>(document: &'a RawDocument, field: &str) -> Result<&'a str> {
    document.get_str(field).map_err(|_| corrupt("a document of the log lacks a text that it should have"))
}
