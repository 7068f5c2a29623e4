//! The attributes of one CloudEvent, checked.

use super::PREFIX;
use eventweir::{Error, EventId, Headers, Result, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Collects the attributes of a CloudEvent, all but `datacontenttype`.
#[derive(Default)]
pub(super) struct Attributes {
    id: Option<String>,
    source: Option<String>,
    kind: Option<String>,
    version: Option<String>,
    rest: Vec<(String, String)>,
}

impl Attributes {
    /// Takes an attribute.
    pub(super) fn add(&mut self, name: &str, value: String) -> Result<()> {
        check(name, &value)?;
        let place = match name {
            "id" => &mut self.id,
            "source" => &mut self.source,
            "type" => &mut self.kind,
            "specversion" => &mut self.version,
            _ => {
                if self.rest.len() >= Headers::MAX_COUNT {
                    return Err(Error::new(
                        eventweir::ErrorKind::TooLarge,
                        "a CloudEvent has at most 60 attributes beside the required ones",
                    ));
                }
                self.rest.push((format!("{PREFIX}{name}"), value));
                return Ok(());
            }
        };
        if place.replace(value).is_some() {
            return Err(Error::invalid(format!("the CloudEvent gives {name:?} twice")));
        }
        Ok(())
    }

    /// Checks that what is required is there; returns the event's id, and its headers to be.
    pub(super) fn finish(self) -> Result<(EventId, Vec<(String, String)>)> {
        let version = required("specversion", self.version)?;
        if version != "1.0" {
            return Err(Error::invalid(format!(
                "the CloudEvent has specversion {version:?}; 1.0 is known here"
            )));
        }
        let (id, source) = (required("id", self.id)?, required("source", self.source)?);
        let kind = required("type", self.kind)?;
        let key = event_id(&source, &id)?;
        let mut headers = self.rest;
        for (name, value) in [("id", id), ("source", source), ("type", kind), ("specversion", version)] {
            headers.push((format!("{PREFIX}{name}"), value));
        }
        Ok((key, headers))
    }
}

fn required(name: &str, value: Option<String>) -> Result<String> {
    value.ok_or_else(|| Error::invalid(format!("the CloudEvent has no {name:?}")))
}

fn check(name: &str, value: &str) -> Result<()> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        return Err(Error::invalid(format!(
            "{name:?} is no CloudEvents attribute: their names are of a-z and 0-9 only"
        )));
    }
    let must_say_something =
        matches!(name, "id" | "source" | "type" | "specversion" | "subject" | "dataschema");
    if must_say_something && value.is_empty() {
        return Err(Error::invalid(format!("the CloudEvent's {name:?} is empty")));
    }
    if matches!(name, "source" | "dataschema") && value.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::invalid(format!("the CloudEvent's {name:?} is no URI: it has white space in it")));
    }
    if name == "time" {
        value
            .parse::<Timestamp>()
            .map_err(|_| Error::invalid("the CloudEvent's \"time\" is not written as in RFC 3339"))?;
    }
    Ok(())
}

/// Makes one event id of the pair that identifies a CloudEvent. Different pairs have different ids: the length says where
/// the source ends. Pairs too long for an id are represented by their hash.
fn event_id(source: &str, id: &str) -> Result<EventId> {
    let plain = format!("ce:{}:{source}:{id}", source.len());
    if plain.len() <= EventId::MAX_BYTES {
        return EventId::new(&plain);
    }
    let mut hashed = "ce:sha256:".to_owned();
    for byte in Sha256::digest(plain.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(hashed, "{byte:02x}");
    }
    EventId::new(&hashed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pair_is_the_key() {
        let id = |source, id| event_id(source, id).unwrap().as_str().to_owned();
        assert_eq!(id("/shop", "7"), "ce:5:/shop:7");
        assert_ne!(id("/a:b", "c"), id("/a", "b:c"));
        let long = "/".repeat(300);
        assert_ne!(id(&long, "1"), id(&long, "2"));
        assert_eq!(id(&long, "1"), id(&long, "1"));
        assert!(event_id("/a", "1\n").is_err());
    }
}
