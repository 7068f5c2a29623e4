//! Events as people see them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The parts of an event that are shown.
#[derive(Deserialize)]
pub(super) struct EventView<'a> {
    sequence: u64,
    #[serde(borrow)]
    channel: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    data_base64: Option<Cow<'a, str>>,
}

/// Returns the line of an event: sequence, time, channel, data. `None` when this is no event.
///
/// Data that is text stands there as it is, without what could move a terminal's cursor; other bytes as `base64:...`.
pub(super) fn line(event: &str) -> Option<String> {
    let view: EventView<'_> = serde_json::from_str(event).ok()?;
    Some(format!("{} {} {} {}", view.sequence, view.time, escaped(&view.channel), view.text()))
}

impl EventView<'_> {
    fn text(&self) -> String {
        match (self.data, &self.data_base64) {
            // Between tokens JSON may have line ends; inside strings it has none.
            (Some(json), _) => escaped(&json.get().replace(['\n', '\r', '\t'], " ")),
            (None, Some(encoded)) => match STANDARD.decode(&**encoded).map(String::from_utf8) {
                Ok(Ok(text)) => escaped(&text),
                _ => format!("base64:{}", escaped(encoded)),
            },
            (None, None) => "null".to_owned(),
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_it_holds() {
        let event = |data: &str| {
            format!(
                "{{\"sequence\":7,\"id\":\"i\",\"channel\":\"/a\",\"time\":\"T\",\"source\":null,{data}}}"
            )
        };
        assert_eq!(line(&event("\"data\":{\n\"a\": 1}")).unwrap(), "7 T /a { \"a\": 1}");
        let encoded = |bytes: &[u8]| event(&format!("\"data_base64\":\"{}\"", STANDARD.encode(bytes)));
        assert_eq!(line(&encoded(b"two\nlines\x1b[2J")).unwrap(), "7 T /a two\\nlines\\u{1b}[2J");
        assert_eq!(line(&encoded(b"\xff")).unwrap(), "7 T /a base64:/w==");
        assert_eq!(line(&event("\"data\":null")).unwrap(), "7 T /a null");
        assert!(line("{}").is_none());
    }
}
