//! Opens faulty stores over the memory driver.

use super::commits::Small;
use super::fault::{Fault, FaultyStorage, spoil};
use eventweir::Result;
use eventweir::clock::ManualClock;
use eventweir_conformance::Harness;
use eventweir_memory::MemoryStorage;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

/// Opens stores with a fault, in memory.
pub struct FaultyHarness<F>(PhantomData<fn() -> F>);

impl<F> Default for FaultyHarness<F> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<F> fmt::Debug for FaultyHarness<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyHarness").finish()
    }
}

impl<F: Fault> Harness for FaultyHarness<F> {
    type Storage = FaultyStorage<F>;
    type Guard = ();

    async fn fresh(&self) -> Result<(FaultyStorage<F>, ())> {
        Ok((spoil(MemoryStorage::new()), ()))
    }

    async fn reopen(&self, old: FaultyStorage<F>, _guard: &()) -> Result<Option<FaultyStorage<F>>> {
        let (fault, inner) = old.fault.reopen(old.inner).await?;
        Ok(Some(FaultyStorage { fault, inner }))
    }

    async fn small(&self) -> Result<Option<(FaultyStorage<F>, ())>> {
        Ok(Some((spoil(spoil::<Small>(MemoryStorage::new())), ())))
    }

    async fn with_clock(&self, clock: ManualClock) -> Result<Option<(FaultyStorage<F>, ())>> {
        Ok(Some((spoil(MemoryStorage::with_clock(Arc::new(clock), WINDOW)), ())))
    }
}

/// How long ids are known.
const WINDOW: Duration = Duration::from_secs(3600);
