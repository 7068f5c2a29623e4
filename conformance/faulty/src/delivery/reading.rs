//! Wrong about what a reader is given.

use super::ClientFault;
use eventweir::{ChannelPattern, Scope, Selector};
use eventweir_conformance::{From, Told};

/// Goes on with the event that it saw last, where a segment of the log begins.
#[derive(Debug, Default)]
pub(crate) struct ResumesTooEarly;

impl ClientFault for ResumesTooEarly {
    fn spoil_place(&self, sequence: u64) -> u64 {
        if sequence % SEGMENT == 1 { sequence - 1 } else { sequence }
    }
}

/// Goes on after the event that it should see next, when there are more.
#[derive(Debug, Default)]
pub(crate) struct ResumesTooLate {
    again: bool,
}

impl ClientFault for ResumesTooLate {
    fn begin(&mut self, from: &From) {
        self.again = matches!(from, From::At(_));
    }
    fn spoil_told(&mut self, mut told: Vec<Told>) -> Vec<Told> {
        if std::mem::take(&mut self.again) && matches!(told[..], [Told::Event(_), Told::Event(_), ..]) {
            told.remove(0);
        }
        told
    }
}

const SEGMENT: u64 = 4;

/// Passes over gaps.
#[derive(Debug, Default)]
pub(crate) struct SwallowsGaps;

impl ClientFault for SwallowsGaps {
    fn spoil_told(&mut self, mut told: Vec<Told>) -> Vec<Told> {
        told.retain(|told| !matches!(told, Told::Gap(_)));
        told
    }
}

/// Passes over resets.
#[derive(Debug, Default)]
pub(crate) struct SwallowsResets;

impl ClientFault for SwallowsResets {
    fn spoil_told(&mut self, mut told: Vec<Told>) -> Vec<Told> {
        told.retain(|told| !matches!(told, Told::Reset));
        told
    }
}

/// Tells a gap whenever it connects again.
#[derive(Debug, Default)]
pub(crate) struct TellsGapsOfItsOwn {
    again: bool,
}

impl ClientFault for TellsGapsOfItsOwn {
    fn begin(&mut self, from: &From) {
        self.again = matches!(from, From::At(_));
    }
    fn spoil_told(&mut self, mut told: Vec<Told>) -> Vec<Told> {
        if std::mem::take(&mut self.again) {
            told.insert(0, Told::Gap(None));
        }
        told
    }
}

/// Does not say whose events it has no use for.
#[derive(Debug, Default)]
pub(crate) struct AsksForItsOwn;

impl ClientFault for AsksForItsOwn {
    fn spoil_selector(&self, selector: &Selector) -> Selector {
        selector.clone().without_exception()
    }
}

/// Asks for a channel and its children where all below it is meant, too.
#[derive(Debug, Default)]
pub(crate) struct AsksForTheChildren;

impl ClientFault for AsksForTheChildren {
    fn spoil_selector(&self, selector: &Selector) -> Selector {
        change(selector, |scope| match scope {
            Scope::Subtree(top) => {
                let children = ChannelPattern::new(&format!("{top}/*")).map(Scope::Pattern);
                std::iter::once(Scope::Exact(top.clone())).chain(children).collect()
            }
            other => vec![other.clone()],
        })
    }
}

/// Asks for the sub-channels, too.
#[derive(Debug, Default)]
pub(crate) struct AsksForTheSubtree;

impl ClientFault for AsksForTheSubtree {
    fn spoil_selector(&self, selector: &Selector) -> Selector {
        change(selector, |scope| match scope {
            Scope::Exact(top) => vec![Scope::Subtree(top.clone())],
            other => vec![other.clone()],
        })
    }
}

fn change(selector: &Selector, change: impl Fn(&Scope) -> Vec<Scope>) -> Selector {
    let Ok(other) = Selector::new(selector.scopes().iter().flat_map(change)) else { return selector.clone() };
    match selector.excepted() {
        Some(source) => other.except(source.clone()),
        None => other,
    }
}

/// Gives two events that come together in the other order.
#[derive(Debug, Default)]
pub(crate) struct Reorders;

impl ClientFault for Reorders {
    fn spoil_told(&mut self, mut told: Vec<Told>) -> Vec<Told> {
        if let [Told::Event(_), Told::Event(_), ..] = told[..] {
            told.swap(0, 1);
        }
        told
    }
}

/// Has room for a few events, and drops the oldest of more.
#[derive(Debug, Default)]
pub(crate) struct DropsWhenSlow;

impl ClientFault for DropsWhenSlow {
    fn spoil_told(&mut self, mut told: Vec<Told>) -> Vec<Told> {
        told.drain(..told.len().saturating_sub(ROOM));
        told
    }
}

/// How many events a reader's buffer holds.
const ROOM: usize = 8;

/// Begins what comes live with the event that history ended with.
#[derive(Debug, Default)]
pub(crate) struct DoublesAtTheSeam {
    seam: Option<Told>,
    passed: bool,
}

impl ClientFault for DoublesAtTheSeam {
    fn spoil_told(&mut self, mut told: Vec<Told>) -> Vec<Told> {
        if let Some(last) = self.seam.take() {
            told.insert(0, last);
            self.passed = true;
        } else if !self.passed {
            self.seam = told.last().cloned().filter(|last| matches!(last, Told::Event(_)));
        }
        told
    }
}

/// Reads history to its end, and then begins to listen: what comes between the two is lost.
#[derive(Debug, Default)]
pub(crate) struct MissesAtTheSeam {
    history: bool,
    passed: bool,
}

impl ClientFault for MissesAtTheSeam {
    fn spoil_told(&mut self, mut told: Vec<Told>) -> Vec<Told> {
        if self.history && !self.passed && matches!(told[..], [Told::Event(_), Told::Event(_), ..]) {
            told.remove(0);
            self.passed = true;
        }
        self.history |= !told.is_empty();
        told
    }
}
