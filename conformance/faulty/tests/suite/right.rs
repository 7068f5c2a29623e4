//! The wrapper without a fault keeps every law, and promises to survive being reopened: nothing that it can show is skipped.

eventweir_conformance::storage_suite!(eventweir_faulty::right());
