//! An event's attributes as one field of its entry in the log.

use super::damaged;
use bytes::Bytes;
use eventweir::{
    ChannelName, ContentType, Event, EventId, Headers, NewEvent, Result, Sequence, Source, Timestamp,
};

const JSON: u8 = 1;
const OTHER_TYPE: u8 = 2;
const SOURCE: u8 = 4;
const HEADERS: u8 = 8;

/// Writes everything of an event but its data.
pub(crate) fn write(event: &NewEvent) -> Vec<u8> {
    let mut out = Vec::with_capacity(48 + event.channel.as_str().len() + 2 * event.headers.bytes());
    let mut flags = 0;
    if event.content_type == ContentType::JSON {
        flags |= JSON;
    } else if event.content_type != ContentType::BINARY {
        flags |= OTHER_TYPE;
    }
    flags |= if event.source.is_some() { SOURCE } else { 0 };
    flags |= if event.headers.is_empty() { 0 } else { HEADERS };
    out.push(flags);
    varint(&mut out, event.time.as_millis().unsigned_abs());
    match event.id.as_uuid() {
        Some(uuid) => {
            out.push(0);
            out.extend_from_slice(&uuid);
        }
        None => field(&mut out, event.id.as_str()),
    }
    field(&mut out, event.channel.as_str());
    if let Some(source) = &event.source {
        field(&mut out, source.as_str());
    }
    if flags & OTHER_TYPE != 0 {
        field(&mut out, event.content_type.as_str());
    }
    for (name, value) in event.headers.iter() {
        field(&mut out, name);
        field(&mut out, value);
    }
    out
}

/// Reads an event again.
pub(crate) fn read(sequence: Sequence, head: &[u8], data: Bytes) -> Result<Event> {
    let event = parts(head, data).ok_or_else(|| damaged("an event"))?;
    Ok(Event::new(sequence, event))
}

fn parts(mut head: &[u8], data: Bytes) -> Option<NewEvent> {
    let rest = &mut head;
    let flags = *rest.split_off_first()?;
    let time = read_varint(rest)?;
    let id = match read_varint(rest)? {
        0 => EventId::from_uuid(rest.split_off(..16)?.try_into().ok()?),
        length => EventId::new(std::str::from_utf8(take(rest, length)?).ok()?).ok()?,
    };
    let mut event = NewEvent::identified(id, ChannelName::new(text(rest)?).ok()?, data);
    event.time = Timestamp::from_millis(i64::try_from(time).unwrap_or(i64::MAX));
    if flags & SOURCE != 0 {
        event.source = Some(Source::new(text(rest)?).ok()?);
    }
    event.content_type = match flags & (JSON | OTHER_TYPE) {
        0 => ContentType::BINARY,
        JSON => ContentType::JSON,
        _ => ContentType::new(text(rest)?).ok()?,
    };
    if flags & HEADERS != 0 {
        let mut pairs = Vec::new();
        while !rest.is_empty() {
            pairs.push((text(rest)?, text(rest)?));
        }
        event.headers = Headers::new(pairs).ok()?;
    }
    Some(event)
}

/// An event's id as the field under which it is known: text has no control character, so a UUID's bytes are told from it by
/// the first.
pub(crate) fn id_field(id: &EventId) -> Vec<u8> {
    match id.as_uuid() {
        Some(uuid) => [&[0][..], &uuid].concat(),
        None => id.as_str().as_bytes().to_vec(),
    }
}

fn field(out: &mut Vec<u8>, text: &str) {
    varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = read_varint(rest)?;
    std::str::from_utf8(take(rest, length)?).ok()
}

fn take<'a>(rest: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    rest.split_off(..usize::try_from(length).ok()?)
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *rest.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_go_both_ways() {
        let channel = ChannelName::new("/ä/b").unwrap();
        let plain = NewEvent::new(channel.clone(), "x");
        let mut full = NewEvent::identified(EventId::new("order-1").unwrap(), channel, "{}")
            .with_content_type(ContentType::new("text/plain").unwrap())
            .with_source(Source::new("me").unwrap())
            .with_headers(Headers::new([("a", "x:y\tz"), ("b", "")]).unwrap());
        full.time = Timestamp::MAX;
        let json = full.clone().with_content_type(ContentType::JSON);
        for event in [plain, full, json] {
            let sequence = Sequence::new(7).unwrap();
            let head = write(&event);
            let back = read(sequence, &head, event.data.clone()).unwrap();
            assert_eq!(back, Event::new(sequence, event));
            for cut in 0..head.len() {
                // Cut off anywhere it is refused, or at least does not panic where a header's end is.
                let _ = read(sequence, &head[..cut], Bytes::new());
            }
        }
    }

    #[test]
    fn a_text_is_never_taken_for_a_uuid() {
        let uuid = EventId::from_uuid(*b"abcdefghijklmnop");
        let text = EventId::new("abcdefghijklmnop").unwrap();
        assert_ne!(id_field(&uuid), id_field(&text));
    }
}
