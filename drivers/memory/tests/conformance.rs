//! The memory driver keeps the laws.

use eventweir::Result;
use eventweir::clock::ManualClock;
use eventweir_conformance::Harness;
use eventweir_memory::MemoryStorage;
use std::sync::Arc;
use std::time::Duration;

struct Memory;

impl Harness for Memory {
    type Storage = MemoryStorage;
    type Guard = ();

    async fn fresh(&self) -> Result<(MemoryStorage, ())> {
        Ok((MemoryStorage::new(), ()))
    }

    /// What is in memory ends with the store.
    async fn reopen(&self, _old: MemoryStorage, _guard: &()) -> Result<Option<MemoryStorage>> {
        Ok(None)
    }

    async fn small(&self) -> Result<Option<(MemoryStorage, ())>> {
        Ok(Some((MemoryStorage::with_max_bytes(2 << 20), ())))
    }

    async fn with_clock(&self, clock: ManualClock) -> Result<Option<(MemoryStorage, ())>> {
        Ok(Some((MemoryStorage::with_clock(Arc::new(clock), Duration::from_secs(3600)), ())))
    }
}

eventweir_conformance::storage_suite!(Memory);
