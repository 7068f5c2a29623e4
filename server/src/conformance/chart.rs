//! How far the run has come, on stderr.

use eventweir_conformance::{Outcome, Progress};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Shows a bar where stderr is a terminal, and what fails as soon as it does.
pub(super) struct Chart {
    bar: ProgressBar,
    rounds: u64,
}

impl Chart {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new(0);
        // The template is a constant; should it not parse, the bar keeps its own.
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {msg}") {
            bar.set_style(style);
        }
        if std::io::stderr().is_terminal() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, rounds: 0 }
    }

    /// Begins another round.
    pub(super) fn begin(&mut self, seed: u64) {
        self.rounds += 1;
        self.bar.set_position(0);
        if self.rounds > 1 {
            self.say(&format!("round {} from seed {seed}", self.rounds));
        }
    }

    pub(super) fn show(&mut self, progress: &Progress<'_>) {
        let Progress { level, subject, property, .. } = progress;
        self.bar.set_length(progress.of as u64);
        self.bar.set_position(progress.done as u64);
        match progress.outcome {
            None => self.bar.set_message(format!("{level} {subject} {property:?}")),
            Some(Outcome::Failed(failure)) => {
                let what = failure.what().lines().next().unwrap_or_default();
                self.say(&format!("FAILED {level} {subject} {property:?}: law {}: {what}", failure.law()));
            }
            Some(_) => {}
        }
    }

    /// Writes a line while the bar is out of the way. A stderr that was closed harms nothing.
    fn say(&self, line: &str) {
        self.bar.suspend(|| drop(writeln!(std::io::stderr(), "{line}")));
    }
}

impl Drop for Chart {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
