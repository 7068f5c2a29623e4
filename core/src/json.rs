//! JSON on its way in and out: checked when published, spliced unchanged when read.

use crate::{Error, Event, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use std::io::Write;

/// Greatest depth of arrays and objects in a JSON text that can be published.
pub const MAX_DEPTH: usize = 512;

/// Checks that bytes are one JSON text of any root, in UTF-8, at most [`MAX_DEPTH`] deep.
///
/// Readers get the text spliced into their own JSON, so nothing that is not JSON may pass.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput), with the place.
pub fn check(bytes: &[u8]) -> Result<()> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Error::invalid(format!("the JSON is not UTF-8 at byte {}", error.valid_up_to())))?;
    check_depth(bytes)?;
    serde_json::from_str::<IgnoredAny>(text)
        .map(drop)
        .map_err(|error| Error::invalid(format!("the JSON is invalid: {error}")))
}

/// Counts brackets outside strings. Runs before the parser, so that no parser's recursion is ever at stake.
fn check_depth(bytes: &[u8]) -> Result<()> {
    // Fewer brackets than the greatest depth cannot be deeper; counting them is much faster than following them.
    if bytes.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() <= MAX_DEPTH {
        return Ok(());
    }
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in bytes {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_string = false,
            (true, _) => {}
            (false, b'"') => in_string = true,
            (false, b'[' | b'{') => depth += 1,
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Error::invalid(format!("the JSON is nested more than {MAX_DEPTH} deep")));
        }
    }
    Ok(())
}

/// Encodes an event as the JSON object of the native API.
pub(crate) fn encode_event(event: &Event) -> Vec<u8> {
    let mut out = Vec::with_capacity(event.data.len() + event.channel.as_str().len() + 224);
    // Writing to a vector cannot fail; serde_json only fails on maps with odd keys.
    let _ = write!(out, "{{\"sequence\":{},\"id\":", event.sequence);
    push_string(&mut out, event.id.as_str());
    out.extend_from_slice(b",\"channel\":");
    push_string(&mut out, event.channel.as_str());
    let _ = write!(out, ",\"time\":\"{}\",\"source\":", event.time);
    match &event.source {
        Some(source) => push_string(&mut out, source.as_str()),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"headers\":");
    let _ = serde_json::to_writer(&mut out, &event.headers);
    out.extend_from_slice(b",\"content_type\":");
    push_string(&mut out, event.content_type.as_str());
    if event.content_type.is_json() {
        out.extend_from_slice(b",\"data\":");
        out.extend_from_slice(&event.data);
    } else {
        out.extend_from_slice(b",\"data_base64\":\"");
        out.extend_from_slice(STANDARD.encode(&event.data).as_bytes());
        out.push(b'"');
    }
    out.push(b'}');
    out
}

/// Appends a JSON string.
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChannelName, ContentType, NewEvent, Sequence};

    #[test]
    fn what_is_json_passes_and_nothing_else() {
        for good in ["{}", "[1,\t2]", "\"a\"", "42", " null ", r#"{"k":1,"k":2}"#, r#"["\ud800"]"#] {
            assert!(check(good.as_bytes()).is_ok(), "{good}");
        }
        let deep = "[".repeat(513) + &"]".repeat(513);
        for bad in ["", "[1,]", "NaN", "{} {}", "\u{feff}{}", "[-01]", "[\"a\u{1}\"]", "[", &deep] {
            assert!(check(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(check(b"\"\xff\"").is_err());
        let wide = format!("[{}[]]", "[],".repeat(1000));
        assert!(check(wide.as_bytes()).is_ok());
        assert!(check(("[".repeat(512) + &"]".repeat(512)).as_bytes()).is_ok());
    }

    #[test]
    fn json_data_is_spliced_unchanged() {
        let mut new = NewEvent::new(ChannelName::new("/a").unwrap(), r#"{"b": 1.0, "a":[ ]}"#);
        new.content_type = ContentType::JSON;
        let json = Event::new(Sequence::new(3).unwrap(), new.clone()).to_json().clone();
        let text = std::str::from_utf8(&json).unwrap();
        assert!(text.starts_with(r#"{"sequence":3,"id":""#), "{text}");
        assert!(text.ends_with(r#""content_type":"application/json","data":{"b": 1.0, "a":[ ]}}"#), "{text}");
        new.content_type = ContentType::BINARY;
        let json = Event::new(Sequence::new(3).unwrap(), new.clone()).to_json().clone();
        assert!(
            std::str::from_utf8(&json).unwrap().ends_with(r#""data_base64":"eyJiIjogMS4wLCAiYSI6WyBdfQ=="}"#)
        );
    }
}
