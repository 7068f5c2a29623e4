//! Brokers that need each other.

use super::Faults;
use crate::storage::{Fault, Store};
use eventweir::{Commit, Error, ErrorKind, Receipt, Result, StreamName, async_trait};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Commits only while every broker that ever was there is there.
#[derive(Debug, Default)]
pub(crate) struct WaitsForEveryone {
    /// How many brokers are away that were there.
    away: Arc<AtomicUsize>,
    /// How often this one began and ended.
    turns: AtomicUsize,
}

impl Faults for WaitsForEveryone {
    fn three() -> [Self; 3] {
        let away = Arc::new(AtomicUsize::new(0));
        [(); 3].map(|()| Self { away: away.clone(), turns: AtomicUsize::new(0) })
    }

    fn runs(&self, runs: bool) {
        let is_first = self.turns.fetch_add(1, Ordering::SeqCst) == 0;
        match runs {
            true if is_first => {}
            true => drop(self.away.fetch_sub(1, Ordering::SeqCst)),
            false => drop(self.away.fetch_add(1, Ordering::SeqCst)),
        }
    }
}

#[async_trait]
impl Fault for WaitsForEveryone {
    async fn commit(&self, inner: &Store, stream: &StreamName, commit: &Commit) -> Result<Receipt> {
        if self.away.load(Ordering::SeqCst) > 0 {
            return Err(Error::new(ErrorKind::Unavailable, "not every broker agrees"));
        }
        inner.commit(stream, commit).await
    }
}
