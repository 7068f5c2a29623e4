//! Trying again, for a bounded time.

use super::refusal::Refusal;
use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Makes a call until it succeeds, is refused for good, or patience ends. Calls must be harmless to repeat.
///
/// # Errors
/// The last refusal.
pub(super) async fn patiently<T, F: Future<Output = Result<T, Refusal>>>(
    patience: Duration,
    mut call: impl FnMut() -> F,
) -> Result<T, Refusal> {
    let mut pauses = Pauses::new(patience);
    loop {
        match call().await {
            Err(refusal) if refusal.retryable && pauses.wait().await => {}
            outcome => return outcome,
        }
    }
}

/// Counts pauses that double, until patience ends.
#[derive(Debug)]
pub(super) struct Pauses {
    patience: Duration,
    since: Instant,
    next: Duration,
}

impl Pauses {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, since: Instant::now(), next: FIRST_PAUSE }
    }

    /// Begins anew, after something worked.
    pub(super) fn begin_anew(&mut self) {
        *self = Self::new(self.patience);
    }

    /// Waits before the next try; `false` when patience has ended.
    pub(super) async fn wait(&mut self) -> bool {
        let left = self.patience.saturating_sub(self.since.elapsed());
        if left.is_zero() {
            return false;
        }
        tokio::time::sleep(self.next.min(left)).await;
        self.next = (self.next * 2).min(LONGEST_PAUSE);
        true
    }
}
