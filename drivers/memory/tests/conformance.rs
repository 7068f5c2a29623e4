//! The memory driver keeps the laws.

use eventweir::Result;
use eventweir_conformance::Harness;
use eventweir_memory::MemoryStorage;

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
}

eventweir_conformance::storage_suite!(Memory);
