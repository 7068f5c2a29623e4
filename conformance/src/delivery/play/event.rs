//! The events that the suite publishes: each holds a key that no other has.

use crate::delivery::Seen;
use crate::history::{Sent, Sighting};
use bytes::Bytes;
use eventweir::{ChannelName, ContentType, EventId, NewEvent, Source};

/// Makes a publisher's events.
#[derive(Debug)]
pub(super) struct EventMaker {
    name: String,
    /// So that ids differ from those of every other run: ids are remembered for a long time.
    run: String,
    made: u64,
}

impl EventMaker {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), run: uuid::Uuid::new_v4().simple().to_string(), made: 0 }
    }

    /// Makes an event, and what the history knows of it.
    pub(super) fn make(&mut self, channel: &ChannelName, source: Option<&Source>) -> (NewEvent, Sent) {
        self.made += 1;
        let key = format!("{}-{}", self.name, self.made);
        let mut event = NewEvent::new(channel.clone(), Bytes::from(format!("{{\"key\":\"{key}\"}}")));
        event.content_type = ContentType::JSON;
        event.source = source.cloned();
        if let Ok(id) = EventId::new(&format!("{}-{key}", self.run)) {
            event.id = id;
        }
        (event, Sent { key, channel: channel.clone(), source: source.cloned() })
    }
}

/// Returns what a reader saw. Data that is not of the suite is its own key: nobody has published it.
pub(super) fn sighting(seen: &Seen, at: u64) -> Sighting {
    let text = String::from_utf8_lossy(&seen.data);
    let key = text.trim().strip_prefix("{\"key\":\"").and_then(|rest| rest.strip_suffix("\"}"));
    let key = key.unwrap_or(&text).to_owned();
    Sighting { key, sequence: seen.sequence, channel: seen.channel.clone(), at }
}
