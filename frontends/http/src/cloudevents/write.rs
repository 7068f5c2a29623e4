//! Events as CloudEvents.

use super::PREFIX;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eventweir::json::push_string;
use eventweir::{ContentType, Epoch, Event, Gap, Reset};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::io::Write;

/// Attributes that say where the event is here. Always ours, whatever the publisher gave.
const CHANNEL: &str = "weirchannel";
const SEQUENCE: &str = "weirsequence";

/// What else is written by name, and so never as an extension.
const OWN: [&str; 8] = ["specversion", "id", "source", "type", "time", "datacontenttype", CHANNEL, SEQUENCE];

/// What stays as it is when a channel becomes a URI reference.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b':')
    .remove(b'@');

/// Appends an event as a CloudEvent in JSON. One that was published as a CloudEvent has its own attributes again; any other
/// has its channel as `source`.
pub(crate) fn push_event(out: &mut Vec<u8>, event: &Event) {
    let given = |name: &str| event.headers.value(name);
    out.extend_from_slice(br#"{"specversion":"1.0""#);
    push(out, "id", given("ce-id").unwrap_or(event.id.as_str()));
    match given("ce-source") {
        Some(source) => push(out, "source", source),
        None => push(out, "source", &utf8_percent_encode(event.channel.as_str(), IN_PATH).to_string()),
    }
    push(out, "type", given("ce-type").unwrap_or("eventweir.event"));
    match given("ce-time") {
        Some(time) => push(out, "time", time),
        None => push(out, "time", &event.time.to_string()),
    }
    push(out, CHANNEL, event.channel.as_str());
    push(out, SEQUENCE, &event.sequence.to_string());
    push_extensions(out, event);
    push_data(out, event);
    out.push(b'}');
}

/// Appends what tells of removed events.
pub(crate) fn push_gap(out: &mut Vec<u8>, epoch: Epoch, gap: &Gap) {
    let id = format!("gap:{epoch}:{}:{}", gap.after, gap.resume_at);
    push_told(out, &id, "eventweir.gap", &crate::events::gap_json(gap));
}

/// Appends what tells of a stream begun anew.
pub(crate) fn push_reset(out: &mut Vec<u8>, reset: &Reset) {
    let id = format!("reset:{}:{}", reset.refused, reset.epoch);
    push_told(out, &id, "eventweir.reset", &crate::events::reset_json(reset));
}

fn push_told(out: &mut Vec<u8>, id: &str, kind: &str, data: &str) {
    // Writing to a vector cannot fail.
    let _ = write!(
        out,
        r#"{{"specversion":"1.0","id":"{id}","source":"/","type":"{kind}","datacontenttype":"application/json","data":{data}}}"#
    );
}

/// What the publisher gave beside, with its prefix or without: names that no CloudEvent can have are left out.
fn push_extensions(out: &mut Vec<u8>, event: &Event) {
    for (header, value) in event.headers.iter() {
        let name = match header.strip_prefix(PREFIX) {
            Some(name) => name,
            None if event.headers.value(&format!("{PREFIX}{header}")).is_some() => continue,
            None => header,
        };
        let possible = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if possible && !name.is_empty() && name != "data" && !OWN.contains(&name) {
            push(out, name, value);
        }
    }
}

fn push_data(out: &mut Vec<u8>, event: &Event) {
    if event.data.is_empty() && event.content_type == ContentType::BINARY {
        return;
    }
    push(out, "datacontenttype", event.content_type.as_str());
    if event.content_type.is_json() {
        out.extend_from_slice(br#","data":"#);
        out.extend_from_slice(&event.data);
        return;
    }
    let text = event.content_type.as_str().starts_with("text/").then(|| std::str::from_utf8(&event.data));
    match text {
        Some(Ok(text)) => push(out, "data", text),
        _ => push(out, "data_base64", &STANDARD.encode(&event.data)),
    }
}

fn push(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    push_string(out, value);
}
