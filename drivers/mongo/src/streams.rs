//! What this process knows of streams. All of it may be out of date, and is only where looking begins.

use crate::document::Tip;
use crate::record::StreamRecord;
use eventweir::StreamName;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Holds what is known of each stream that was used.
#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<HashMap<StreamName, Arc<StreamHandle>>>);

/// Holds what is known of one stream.
#[derive(Debug)]
pub(crate) struct StreamHandle {
    pub(crate) name: StreamName,
    known: Mutex<Option<Arc<Known>>>,
}

/// A record, and an end of the log. Both only grow while the incarnation is the same.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) record: StreamRecord,
    pub(crate) tip: Tip,
}

impl Streams {
    pub(crate) fn handle(&self, name: &StreamName) -> Arc<StreamHandle> {
        let mut streams = self.0.lock();
        if let Some(handle) = streams.get(name) {
            return handle.clone();
        }
        let handle = Arc::new(StreamHandle { name: name.clone(), known: Mutex::new(None) });
        streams.insert(name.clone(), handle.clone());
        handle
    }
}

impl StreamHandle {
    pub(crate) fn known(&self) -> Option<Arc<Known>> {
        self.known.lock().clone()
    }

    /// Notes what was seen. Of one incarnation, the newest record and the farthest end are known.
    pub(crate) fn learn(&self, record: &StreamRecord, tip: Tip) {
        let mut known = self.known.lock();
        let mut now = Known { record: record.clone(), tip };
        if let Some(old) = known.as_ref().filter(|old| old.record.epoch == record.epoch) {
            if old.record.age() > record.age() {
                now.record = old.record.clone();
            }
            if old.tip.number > tip.number {
                now.tip = old.tip;
            }
        }
        *known = Some(Arc::new(now));
    }

    /// Forgets an incarnation, which is no longer there.
    pub(crate) fn forget(&self, known: &Known) {
        let mut now = self.known.lock();
        if now.as_ref().is_some_and(|now| now.record.epoch == known.record.epoch) {
            *now = None;
        }
    }
}
