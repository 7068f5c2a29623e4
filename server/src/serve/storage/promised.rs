//! What a storage promises, for people, and whether it is enough.

use eventweir::{Dedup, Durability, Error, ErrorKind, Promises, Result, Storage, WakeupReach, Writers};
use eventweir_memory::MemoryStorage;
use eventweir_sqlite::SqliteStorage;

/// Hands a storage on that promises what is required; of another, says what to change.
pub(super) async fn enough<S: Storage>(
    storage: S,
    required: Option<Durability>,
    advice: impl FnOnce(&S, Durability) -> Option<String>,
) -> Result<S> {
    let promised = storage.promises().durability;
    let Some(required) = required.filter(|required| *required > promised) else { return Ok(storage) };
    let advice = advice(&storage, required).map(|advice| format!(": {advice}")).unwrap_or_default();
    storage.close().await?;
    let (promised, required) = (promised.as_str(), required.as_str());
    let message =
        format!("it promises durability `{promised}`, and `storage.requires` is `{required}`{advice}");
    Err(Error::new(ErrorKind::Config, message))
}

pub(super) fn memory_advice(_: &MemoryStorage, _: Durability) -> Option<String> {
    Some("memory keeps nothing; sqlite:PATH does".to_owned())
}

pub(super) fn sqlite_advice(_: &SqliteStorage, required: Durability) -> Option<String> {
    let advice = match required {
        Durability::Replicated => {
            "a file is on one machine; a MongoDB replica set is on several, and so is Redis with replicas"
        }
        _ => "open it with ?synchronous=full",
    };
    Some(advice.to_owned())
}

/// Says what a storage promises, in one sentence for the log.
pub(crate) fn describe(promises: &Promises) -> String {
    let dedup = match promises.dedup {
        Dedup::None => "repeated ids are not recognised".to_owned(),
        Dedup::Window(window) => {
            format!("repeated ids are recognised for {} s after their event is gone", window.as_secs())
        }
        Dedup::Forever => "repeated ids are recognised forever".to_owned(),
    };
    let survives = match promises.durability {
        Durability::Volatile => "nothing survives the end of the process",
        Durability::Process => "what is acknowledged survives the end of the process",
        Durability::Disk => "what is acknowledged survives loss of power",
        Durability::Replicated => "what is acknowledged survives loss of a node",
    };
    let wakeup = match promises.wakeup {
        WakeupReach::None => "readers poll",
        WakeupReach::Process => "this process wakes its readers",
        WakeupReach::Everywhere => "every process wakes the readers of all",
    };
    let writers = match promises.writers {
        Writers::One => "one process writes",
        Writers::Many => "many processes may write",
    };
    format!("durability {}: {survives}; {dedup}; {wakeup}; {writers}", promises.durability.as_str())
}
