//! The laws, held against the driver: all that its author has to write.

use custom_driver::ListStorage;
use eventweir::Result;
use eventweir_conformance::Harness;

struct List;

impl Harness for List {
    type Storage = ListStorage;
    type Guard = ();

    async fn fresh(&self) -> Result<(ListStorage, ())> {
        Ok((ListStorage::new(), ()))
    }

    async fn reopen(&self, _old: ListStorage, _guard: &()) -> Result<Option<ListStorage>> {
        Ok(None)
    }
}

eventweir_conformance::storage_suite!(List);
