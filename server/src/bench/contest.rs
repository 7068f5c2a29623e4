//! A contest: one load of ours, and those that it is run in turns with.

use super::figure::{Better, Sample};
use super::runner::Context;
use crate::failure::Result;

/// Runs a load once.
pub(super) type Load = Box<dyn FnMut(&Context) -> Result<Sample>>;

/// Says what is measured, and against what. Nothing is prepared before the first load is run.
pub(super) struct Contest {
    pub(super) name: String,
    pub(super) unit: &'static str,
    pub(super) better: Better,
    pub(super) conditions: Vec<(&'static str, String)>,
    /// Whether it has as many rounds as was asked for; long ones have one.
    pub(super) repeated: bool,
    pub(super) ours: Load,
    pub(super) against: Vec<Against>,
}

/// Says what a load is compared with.
pub(super) struct Against {
    /// Ends the figure's name, where there is more than one.
    pub(super) suffix: &'static str,
    /// What it is, in words.
    pub(super) what: &'static str,
    /// What the ratio is to reach, or to stay below; none where it is only told.
    pub(super) target: Option<f64>,
    pub(super) load: Load,
}

impl Contest {
    pub(super) fn new(
        name: impl Into<String>,
        unit: &'static str,
        ours: impl FnMut(&Context) -> Result<Sample> + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            unit,
            better: Better::More,
            conditions: Vec::new(),
            repeated: true,
            ours: Box::new(ours),
            against: Vec::new(),
        }
    }

    /// Says that less is better.
    pub(super) fn less_is_better(mut self) -> Self {
        self.better = Better::Less;
        self
    }

    /// Runs it once, however many rounds were asked for.
    pub(super) fn once(mut self) -> Self {
        self.repeated = false;
        self
    }

    pub(super) fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.conditions.push((key, value.to_string()));
        self
    }

    pub(super) fn against(
        mut self,
        what: &'static str,
        target: impl Into<Option<f64>>,
        load: impl FnMut(&Context) -> Result<Sample> + 'static,
    ) -> Self {
        let against = Against { suffix: "", what, target: target.into(), load: Box::new(load) };
        self.against.push(against);
        self
    }

    /// Adds a comparison that is told under a name of its own.
    pub(super) fn also_against(
        mut self,
        suffix: &'static str,
        what: &'static str,
        load: impl FnMut(&Context) -> Result<Sample> + 'static,
    ) -> Self {
        self.against.push(Against { suffix, what, target: None, load: Box::new(load) });
        self
    }
}
