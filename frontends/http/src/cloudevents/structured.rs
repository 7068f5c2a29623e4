//! The structured mode: a CloudEvent, or an array of them, is the body.

use super::attributes::Attributes;
use crate::bounded::{AtMost, Members};
use crate::event_input::{decode_base64, json_refused};
use bytes::Bytes;
use eventweir::{ChannelName, ContentType, Error, ErrorKind, Headers, NewEvent, Result};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// More members than any CloudEvent that can be published has.
const MOST_MEMBERS: usize = 100;
/// More events than a batch is ever allowed; the broker's own limit is checked once they are counted.
const MOST_EVENTS: usize = 65_536;

/// Reads one CloudEvent.
///
/// # Errors
/// [`InvalidInput`](ErrorKind::InvalidInput) when it is none, and [`TooLarge`](ErrorKind::TooLarge) when it has too many
/// attributes.
pub(crate) fn from_json(channel: &ChannelName, body: &[u8]) -> Result<NewEvent> {
    let members: Members<'_, MOST_MEMBERS> =
        serde_json::from_slice(body).map_err(|error| json_refused(&error))?;
    event_of(channel, members.0)
}

/// Reads an array of CloudEvents, at most `most`.
///
/// # Errors
/// As [`from_json`], naming the place in the array; [`TooLarge`](ErrorKind::TooLarge) beyond `most`.
pub(crate) fn from_json_batch(channel: &ChannelName, body: &[u8], most: usize) -> Result<Vec<NewEvent>> {
    let list: AtMost<&RawValue, MOST_EVENTS> =
        serde_json::from_slice(body).map_err(|error| json_refused(&error))?;
    let list = list.0;
    if list.len() > most {
        return Err(Error::new(ErrorKind::TooLarge, format!("a batch has at most {most} events")));
    }
    let mut events = Vec::with_capacity(list.len());
    for (at, one) in list.into_iter().enumerate() {
        let event = from_json(channel, one.get().as_bytes())
            .map_err(|error| Error::new(error.kind(), format!("event {}: {}", at + 1, error.message())))?;
        events.push(event);
    }
    Ok(events)
}

fn event_of(channel: &ChannelName, mut members: BTreeMap<String, &RawValue>) -> Result<NewEvent> {
    members.retain(|_, value| value.get() != "null");
    let data = members.remove("data");
    let data_base64 = members.remove("data_base64");
    let content_type = match members.remove("datacontenttype") {
        Some(value) => Some(ContentType::new(&attribute("datacontenttype", value)?)?),
        None => None,
    };
    let (data, content_type) = match (data, data_base64) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid("a CloudEvent has either `data` or `data_base64`, not both"));
        }
        (Some(value), None) => plain_data(value, content_type.unwrap_or(ContentType::JSON))?,
        (None, Some(text)) => {
            let bytes = decode_base64(&attribute("data_base64", text)?)?;
            (bytes, content_type.unwrap_or(ContentType::BINARY))
        }
        (None, None) => (Bytes::new(), ContentType::BINARY),
    };
    let mut attributes = Attributes::default();
    for (name, value) in members {
        let value = attribute(&name, value)?;
        attributes.add(&name, value)?;
    }
    let (id, headers) = attributes.finish()?;
    Ok(NewEvent::new(channel.clone(), data)
        .with_id(id)
        .with_content_type(content_type)
        .with_headers(Headers::new(headers)?))
}

/// `data` is the JSON itself when its type is JSON, and a string holding the text otherwise.
fn plain_data(value: &RawValue, content_type: ContentType) -> Result<(Bytes, ContentType)> {
    if content_type.is_json() {
        return Ok((Bytes::copy_from_slice(value.get().as_bytes()), content_type));
    }
    let text: String = serde_json::from_str(value.get()).map_err(|_| {
        Error::invalid(format!("`data` of the type {content_type} is a string, or `data_base64` holds it"))
    })?;
    Ok((text.into(), content_type))
}

/// Attributes are strings, booleans and whole numbers; each is kept as its text.
fn attribute(name: &str, value: &RawValue) -> Result<String> {
    let text = value.get();
    if text.starts_with('"') {
        return serde_json::from_str(text).map_err(|error| json_refused(&error));
    }
    let whole = text.parse::<i32>().is_ok();
    if whole || text == "true" || text == "false" {
        return Ok(text.to_owned());
    }
    Err(Error::invalid(format!("the CloudEvent's {name:?} is no string, boolean or whole number of 32 bits")))
}
