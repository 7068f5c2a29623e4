//! Every event by its key: who attempted it, and where it stands.

use crate::history::{Attempt, History, Outcome, Removal, Removed, Sent};
use eventweir::Sequence;
use std::collections::BTreeMap;
use std::fmt;

/// All keys that were attempted or are in the log.
pub(super) struct Keys<'a> {
    keys: BTreeMap<&'a str, Key<'a>>,
}

/// What is known of one key.
pub(super) struct Key<'a> {
    pub(super) name: &'a str,
    /// What was attempted first; `None` when nobody did.
    pub(super) sent: Option<&'a Sent>,
    pub(super) attempts: Vec<&'a Attempt>,
    /// The first place in the log.
    pub(super) place: Option<usize>,
    /// Where it is or was in the stream of the log, from the log or else from a receipt.
    pub(super) sequence: Option<Sequence>,
    /// Whether it belongs to the stream of the log, whatever became of it: it was attempted after the last beginning anew.
    pub(super) is_new: bool,
}

impl<'a> Keys<'a> {
    pub(super) fn of(history: &'a History) -> Self {
        let mut keys = Self { keys: BTreeMap::new() };
        let anew = last_anew(history);
        for attempt in &history.attempts {
            for sent in &attempt.events {
                let key = keys.enter(&sent.key);
                key.sent.get_or_insert(sent);
                key.attempts.push(attempt);
                key.is_new = key.first_invoked() > anew;
            }
        }
        for (place, sighting) in history.log.iter().enumerate() {
            let key = keys.enter(&sighting.key);
            key.place.get_or_insert(place);
            key.sequence = key.sequence.or(sighting.sequence);
        }
        for (sent, sequence) in
            receipts(history).filter(|(attempt, ..)| attempt.invoked > anew).map(|(_, s, q)| (s, q))
        {
            let key = keys.enter(&sent.key);
            key.sequence = key.sequence.or(Some(sequence));
        }
        keys
    }

    fn enter(&mut self, name: &'a str) -> &mut Key<'a> {
        self.keys.entry(name).or_insert_with(|| Key {
            name,
            sent: None,
            attempts: Vec::new(),
            place: None,
            sequence: None,
            is_new: false,
        })
    }

    pub(super) fn get(&self, name: &str) -> Option<&Key<'a>> {
        self.keys.get(name)
    }

    /// Lists what somebody meant to publish.
    pub(super) fn attempted(&self) -> impl Iterator<Item = &Key<'a>> {
        self.keys.values().filter(|key| key.sent.is_some())
    }
}

/// The clock when the stream was begun anew for the last time, for certain. 0: never. `u64::MAX`: nobody knows.
pub(super) fn last_anew(history: &History) -> u64 {
    let anew = history.removals.iter().filter(|removal| removal.what == Removed::Everything);
    anew.map(|removal| removal.returned).max().unwrap_or(0)
}

/// Lists what receipts say, in the order of the attempts.
pub(super) fn receipts(history: &History) -> impl Iterator<Item = (&Attempt, &Sent, Sequence)> {
    history.attempts.iter().flat_map(|attempt| {
        let places = match &attempt.outcome {
            Outcome::Acknowledged(places) => places.as_slice(),
            _ => &[],
        };
        attempt.events.iter().zip(places).filter_map(move |(sent, place)| Some((attempt, sent, (*place)?)))
    })
}

impl Key<'_> {
    /// Returns what came of it, over all attempts: one that was acknowledged counts for all.
    pub(super) fn outcome(&self) -> Outcome {
        if self.attempts.iter().any(|attempt| attempt.is_acknowledged()) {
            return Outcome::Acknowledged(Vec::new());
        }
        let refused = self.attempts.iter().all(|attempt| attempt.outcome == Outcome::Refused);
        if refused { Outcome::Refused } else { Outcome::Unknown }
    }

    pub(super) fn is_acknowledged(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.is_acknowledged())
    }

    /// Returns whether every attempt was refused.
    pub(super) fn is_refused(&self) -> bool {
        self.sent.is_some() && self.outcome() == Outcome::Refused
    }

    /// The clock before which it cannot have happened.
    pub(super) fn first_invoked(&self) -> u64 {
        self.attempts.iter().map(|attempt| attempt.invoked).min().unwrap_or(0)
    }

    /// The clock at which it had certainly happened, in the stream of the log.
    pub(super) fn happened_by(&self, anew: u64) -> u64 {
        let acknowledged =
            self.attempts.iter().filter(|attempt| attempt.is_acknowledged() && attempt.invoked > anew);
        acknowledged.map(|attempt| attempt.returned).min().unwrap_or(u64::MAX)
    }

    /// The clock after which it cannot happen any more: no call is under way.
    pub(super) fn over(&self) -> u64 {
        let may = self.attempts.iter().filter(|attempt| attempt.outcome != Outcome::Refused);
        may.map(|attempt| attempt.returned_for_certain()).max().unwrap_or(0)
    }

    /// Lists the removals that may have removed it.
    pub(super) fn removals<'h>(&self, history: &'h History) -> impl Iterator<Item = &'h Removal> {
        let first = self.first_invoked();
        let first_in_log = history.log.first().and_then(|oldest| oldest.sequence);
        // Only the oldest go: nothing older is left then.
        let oldest = match (self.sequence, first_in_log) {
            (Some(own), Some(left)) if self.is_new => own < left,
            _ => true,
        };
        let channel = self.sent.map(|sent| &sent.channel);
        history.removals.iter().filter(move |removal| {
            removal.returned > first
                && match &removal.what {
                    Removed::Oldest => oldest,
                    Removed::Channel(removed) => Some(removed) == channel,
                    Removed::Everything => true,
                }
        })
    }

    /// Returns whether a removal may explain that it is not in the log.
    pub(super) fn is_covered(&self, history: &History) -> bool {
        self.removals(history).next().is_some()
    }
}

/// The key, with its place if that is known.
impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        match self.sequence {
            Some(sequence) => write!(f, " at {sequence}"),
            None => Ok(()),
        }
    }
}

impl Attempt {
    fn is_acknowledged(&self) -> bool {
        matches!(self.outcome, Outcome::Acknowledged(_))
    }

    /// A call that does not know may still be under way in the store when it returns.
    fn returned_for_certain(&self) -> u64 {
        if self.outcome == Outcome::Unknown { u64::MAX } else { self.returned }
    }
}
