//! What is found, put into a sentence.

use super::Counts;
use crate::{Failure, Law};

/// Says in which way a history is wrong. The order is that of telling: what explains others comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Unexpected,
    Duplicated,
    Half,
    Inconsistent,
    Lost,
    Reordered,
    Stale,
    Untold,
    Missed,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Unexpected => "unexpected",
            Self::Duplicated => "duplicated",
            Self::Half => "half",
            Self::Inconsistent => "inconsistent",
            Self::Lost => "lost",
            Self::Reordered => "reordered",
            Self::Stale => "stale",
            Self::Untold => "not told rightly",
            Self::Missed => "missed",
        }
    }
}

/// Gathers what is wrong.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<(Kind, Law, String)>);

impl Findings {
    /// Notes something wrong about one event, or one thing told.
    pub(super) fn note(&mut self, kind: Kind, law: Law, what: String) {
        self.0.push((kind, law, what));
    }

    /// Returns a failure of the law that the first finding breaks, in a sentence or two.
    pub(super) fn verdict(mut self, counts: &Counts) -> Result<(), Failure> {
        // A stable sort: findings of a kind stay in the order of the log.
        self.0.sort_by_key(|(kind, ..)| *kind);
        let Some((kind, law, _)) = self.0.first() else { return Ok(()) };
        let (same, others): (Vec<_>, Vec<_>) = self.0.iter().partition(|(other, ..)| other == kind);
        let named: Vec<_> = same.iter().take(NAMED).map(|(.., what)| what.as_str()).collect();
        let mut text = format!("{}: {}", kind.as_str(), named.join("; "));
        if same.len() > NAMED {
            text += &format!("; and {} more", same.len() - NAMED);
        }
        let mut also: Vec<_> = others.iter().map(|(kind, ..)| kind.as_str()).collect();
        also.dedup();
        if !also.is_empty() {
            text += &format!(". There are events {}, too", also.join(", "));
        }
        Err(Failure::of(*law, format!("{text}. In all: {counts}")))
    }
}

/// How many events a failure names.
const NAMED: usize = 3;
