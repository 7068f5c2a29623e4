//! Hints that are lost, repeated, or of nothing new.

use super::layer::Switchboard;
use eventweir::Wakeup;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Passes hints on as the switchboard says.
pub(super) fn disturb(
    inner: BoxStream<'static, Wakeup>,
    board: Arc<Switchboard>,
) -> BoxStream<'static, Wakeup> {
    let hints = Hints { inner, board, again: None, last: Wakeup { head: None } };
    Box::pin(stream::unfold(hints, |mut hints| async move {
        let hint = hints.next().await?;
        Some((hint, hints))
    }))
}

struct Hints {
    inner: BoxStream<'static, Wakeup>,
    board: Arc<Switchboard>,
    /// Comes once more.
    again: Option<Wakeup>,
    last: Wakeup,
}

impl Hints {
    async fn next(&mut self) -> Option<Wakeup> {
        if let Some(hint) = self.again.take() {
            return Some(hint);
        }
        loop {
            let came = tokio::select! {
                hint = self.inner.next() => Some(hint?),
                () = nothing_new(&self.board) => None,
            };
            match came.map(|hint| self.judge(hint)) {
                Some(Some(hint)) => return Some(hint),
                Some(None) => {}
                // An old head, told late, is a hint as good as any.
                None => return Some(self.last),
            }
        }
    }

    fn judge(&mut self, hint: Wakeup) -> Option<Wakeup> {
        self.last = hint;
        if self.board.roll(|rates| rates.wakeup_lost) {
            return None;
        }
        if self.board.roll(|rates| rates.wakeup_repeated) {
            self.again = Some(hint);
        }
        Some(hint)
    }
}

/// Waits until a hint of nothing new is due, which may be never.
async fn nothing_new(board: &Switchboard) {
    if board.rates().wakeup_spurious == 0.0 {
        return std::future::pending().await;
    }
    loop {
        sleep(TICK).await;
        if board.roll(|rates| rates.wakeup_spurious) {
            return;
        }
    }
}

const TICK: Duration = Duration::from_millis(10);
