//! Compares what clients were told with the log, which gives every event its place.
//!
//! The log is one total order, and an event's key says which attempt it came from: so nothing has to be searched, whatever
//! overlapped. What may be missing is known from the removals; what may be there is known from the attempts.

mod findings;
mod keys;
mod log;
mod reader;
#[cfg(test)]
mod tests;

use super::{History, Outcome, Saw};
use crate::Failure;
use findings::Findings;
use keys::Keys;
use std::fmt;

/// Checks a history. The log must be all that was retained in the end, and every reader that did not stop early
/// ([`Recorder::stopped`](super::Recorder::stopped)) must have read up to its end; sentinels are events like others.
pub(crate) fn check(history: &History) -> Result<Counts, Failure> {
    let keys = Keys::of(history);
    let counts = Counts::of(history, &keys);
    let mut findings = Findings::default();
    log::check(history, &keys, &mut findings);
    for reader in &history.readers {
        reader::check(history, &keys, reader, &mut findings);
    }
    findings.verdict(&counts)?;
    Ok(counts)
}

/// Returns whether the log shows events that had been removed when it was read.
pub(crate) fn shows_removed(history: &History) -> bool {
    let keys = Keys::of(history);
    let removed = |key| log::is_removed(history, key);
    history.log.iter().any(|sighting| keys.get(&sighting.key).is_some_and(removed))
}

/// Counts what a history holds, in Jepsen's words. Retries of an event count as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Events that clients meant to publish.
    pub(crate) attempted: usize,
    /// Those that were acknowledged.
    pub(crate) acknowledged: usize,
    /// Those that were refused, each time.
    pub(crate) refused: usize,
    /// Those of which nobody was told.
    pub(crate) unknown: usize,
    /// Those of which nobody was told, and which are in the log.
    pub(crate) recovered: usize,
    /// Events that readers were given, each as often as it was.
    pub(crate) delivered: usize,
    /// Acknowledged events that were removed later.
    pub(crate) removed: usize,
    /// Gaps that readers were told.
    pub(crate) gaps: usize,
    /// Resets that readers were told.
    pub(crate) resets: usize,
}

impl Counts {
    fn of(history: &History, keys: &Keys<'_>) -> Self {
        let told = |what: fn(&Saw) -> bool| {
            history.readers.iter().flat_map(|reader| &reader.saw).filter(|saw| what(saw)).count()
        };
        let mut counts = Self {
            delivered: told(|saw| matches!(saw, Saw::Event(_))),
            gaps: told(|saw| matches!(saw, Saw::Gap(_))),
            resets: told(|saw| matches!(saw, Saw::Reset)),
            ..Self::default()
        };
        for key in keys.attempted() {
            let logged = key.place.is_some();
            counts.attempted += 1;
            match key.outcome() {
                Outcome::Acknowledged(_) => {
                    counts.acknowledged += 1;
                    counts.removed += usize::from(!logged && key.is_covered(history));
                }
                Outcome::Refused => counts.refused += 1,
                Outcome::Unknown => {
                    counts.unknown += 1;
                    counts.recovered += usize::from(logged);
                }
            }
        }
        counts
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "attempted {}, acknowledged {}, refused {}, unknown {} (recovered {}), delivered {}, removed {}, gaps {}, resets {}",
            self.attempted,
            self.acknowledged,
            self.refused,
            self.unknown,
            self.recovered,
            self.delivered,
            self.removed,
            self.gaps,
            self.resets
        )
    }
}
