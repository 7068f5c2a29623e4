//! The progress bar.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// Shows on stderr how far a run has come. Where stderr is no terminal, nothing is shown.
#[derive(Debug)]
pub(super) struct Chart(ProgressBar);

impl Chart {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new(0);
        // The template is a constant; should it not parse, the bar keeps its own.
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    pub(super) fn expect(&self, loads: u64) {
        self.0.set_length(loads);
    }

    pub(super) fn say(&self, what: impl Into<String>) {
        self.0.set_message(what.into());
    }

    pub(super) fn step(&self) {
        self.0.inc(1);
    }

    /// Writes while the bar is out of the way.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

impl Drop for Chart {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
