//! Events as the native API writes them.

use super::failure;
use crate::delivery::Seen;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use eventweir::{ChannelName, Result, Sequence};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// An event's JSON, as far as the suite looks at it.
#[derive(Debug, Deserialize)]
pub(super) struct WireEvent<'a> {
    sequence: u64,
    #[serde(borrow)]
    channel: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    data_base64: Option<Cow<'a, str>>,
}

/// What is there is there, `null` too.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl WireEvent<'_> {
    pub(super) fn seen(&self) -> Result<Seen> {
        let data = match (self.data, &self.data_base64) {
            (Some(json), None) => Bytes::copy_from_slice(json.get().as_bytes()),
            (None, Some(text)) => STANDARD.decode(&**text).map_err(failure::not_understood)?.into(),
            _ => return Err(failure::not_understood("an event has data in one form")),
        };
        let channel = ChannelName::new(&self.channel).map_err(failure::not_understood)?;
        Ok(Seen { sequence: Some(sequence(self.sequence)?), channel: Some(channel), data })
    }
}

/// Reads one event.
pub(super) fn read(json: &[u8]) -> Result<Seen> {
    let event: WireEvent<'_> = serde_json::from_slice(json).map_err(failure::not_understood)?;
    event.seen()
}

pub(super) fn sequence(number: u64) -> Result<Sequence> {
    Sequence::new(number).map_err(failure::not_understood)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails by a panic")]
mod tests {
    use super::*;

    #[test]
    fn data_is_taken_as_it_stands() {
        let seen = read(br#"{"sequence":7,"id":"x","channel":"/a","data":{"b": 1.0}}"#).unwrap();
        assert_eq!((seen.sequence.unwrap().get(), &seen.data[..]), (7, &br#"{"b": 1.0}"#[..]));
        let seen = read(br#"{"sequence":8,"channel":"/a","data_base64":"AP8="}"#).unwrap();
        assert_eq!(seen.data[..], [0, 255]);
        // `null` is data too.
        assert_eq!(read(br#"{"sequence":8,"channel":"/a","data":null}"#).unwrap().data, "null");
        for bad in [&br#"{"sequence":8,"channel":"/a"}"#[..], b"", br#"{"channel":"/a","data":1}"#] {
            assert!(read(bad).is_err());
        }
    }
}
