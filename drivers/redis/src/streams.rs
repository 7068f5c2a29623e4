//! What this process knows of the streams it uses.

use crate::commit::Queue;
use eventweir::{ChannelName, StreamName};
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The streams that were used, each with what belongs to it.
#[derive(Debug)]
pub(crate) struct Streams {
    prefix: String,
    handles: RwLock<HashMap<StreamName, Arc<Handle>>>,
}

/// A stream as this process uses it.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) name: StreamName,
    /// What its keys begin with: the hash tag keeps them on one node.
    tag: String,
    /// `None` until it was looked up.
    place: Mutex<Option<Arc<Place>>>,
    /// No event was larger when it was last looked: how many of them fit into a page.
    pub(crate) largest: AtomicU64,
    pub(crate) queue: Queue,
}

/// Where an incarnation of a stream keeps what it has.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) incarnation: String,
    stem: String,
}

impl Streams {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), handles: RwLock::default() }
    }

    pub(crate) fn handle(&self, stream: &StreamName) -> Arc<Handle> {
        if let Some(handle) = self.handles.read().get(stream) {
            return handle.clone();
        }
        let made = || Arc::new(Handle::new(&self.prefix, stream.clone()));
        self.handles.write().entry(stream.clone()).or_insert_with(made).clone()
    }

    /// The key of the set that lists streams.
    pub(crate) fn registry(&self) -> Vec<u8> {
        format!("{}:streams", self.prefix).into_bytes()
    }
}

impl Handle {
    fn new(prefix: &str, name: StreamName) -> Self {
        Self {
            tag: format!("{prefix}:{{{name}}}:"),
            name,
            place: Mutex::default(),
            largest: AtomicU64::new(0),
            queue: Queue::new(),
        }
    }

    pub(crate) fn meta(&self) -> Vec<u8> {
        format!("{}meta", self.tag).into_bytes()
    }

    /// The set of incarnations that were deleted, and have keys left.
    pub(crate) fn deleted(&self) -> Vec<u8> {
        format!("{}deleted", self.tag).into_bytes()
    }

    pub(crate) fn wake(&self) -> Vec<u8> {
        format!("{}wake", self.tag).into_bytes()
    }

    pub(crate) fn place_of(&self, incarnation: &str) -> Place {
        Place { incarnation: incarnation.to_owned(), stem: format!("{}{incarnation}:", self.tag) }
    }

    pub(crate) fn known(&self) -> Option<Arc<Place>> {
        self.place.lock().clone()
    }

    pub(crate) fn learn(&self, incarnation: &str) -> Arc<Place> {
        let mut known = self.place.lock();
        match &*known {
            Some(place) if place.incarnation == incarnation => place.clone(),
            _ => known.insert(Arc::new(self.place_of(incarnation))).clone(),
        }
    }

    /// Forgets an incarnation that is not the stream's any more.
    pub(crate) fn forget(&self, place: &Place) {
        self.place.lock().take_if(|known| known.incarnation == place.incarnation);
    }
}

/// Names the parts of an incarnation.
macro_rules! parts {
    ($($name:ident $part:literal),+ $(,)?) => {$(
        pub(crate) fn $name(&self) -> Vec<u8> {
            format!("{}{}", self.stem, $part).into_bytes()
        }
    )+};
}

impl Place {
    parts! {
        log "log",
        ids "ids",
        fading "fading",
        commits "commits",
        committed "committed",
        cursors "cursors",
        cursor_names "cursor-names",
        records "records",
        channels "channels",
        removed "removed",
        channel_stem "ch:",
    }

    /// Everything but the channels: what is removed last of a deleted stream.
    pub(crate) fn rest(&self) -> Vec<Vec<u8>> {
        let parts = [
            Self::log,
            Self::ids,
            Self::fading,
            Self::commits,
            Self::committed,
            Self::cursors,
            Self::cursor_names,
            Self::records,
            Self::removed,
        ];
        parts.map(|part| part(self)).to_vec()
    }

    pub(crate) fn channel(&self, name: &ChannelName) -> Vec<u8> {
        format!("{}ch:{name}", self.stem).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_of_a_stream_have_its_tag() {
        let streams = Streams::new("weir");
        let handle = streams.handle(&StreamName::main());
        assert_eq!(handle.meta(), b"weir:{main}:meta");
        let place = handle.learn("0a");
        assert_eq!(place.log(), b"weir:{main}:0a:log");
        // Whatever braces a channel has: the first pair counts.
        let channel = ChannelName::new("/a{b}c").unwrap();
        assert_eq!(place.channel(&channel), b"weir:{main}:0a:ch:/a{b}c");
        handle.forget(&handle.place_of("0b"));
        assert!(handle.known().is_some());
        handle.forget(&place);
        assert!(handle.known().is_none());
    }
}
