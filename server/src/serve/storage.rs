//! From the configured URL to a storage.

use crate::config::StorageSection;
use crate::failure::{Failure, Result};
use eventweir::{Commit, Dedup, Durability, Promises, Registry, Storage, StreamName, WakeupReach, Writers};
use eventweir_memory::MemoryStorage;
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use std::path::Path;
use std::sync::Arc;

/// Returns the drivers that this broker is composed with, by the scheme of their URL.
pub(crate) fn registry() -> Registry {
    registry_for(None)
}

/// Returns the drivers, which refuse to be opened where they promise less than is required.
fn registry_for(required: Option<Durability>) -> Registry {
    Registry::new()
        .with("memory", move |url| async move {
            enough(MemoryStorage::from_url(&url)?, required, |_| MEMORY_ADVICE.to_owned()).await
        })
        .with(
            "sqlite",
            move |url| async move { enough(open_sqlite(url).await?, required, sqlite_advice).await },
        )
}

/// Hands a storage on that promises what is required; of another, says what to change.
async fn enough<S: Storage>(
    storage: S,
    required: Option<Durability>,
    advice: impl FnOnce(Durability) -> String,
) -> eventweir::Result<S> {
    let promised = storage.promises().durability;
    let Some(required) = required.filter(|required| *required > promised) else { return Ok(storage) };
    storage.close().await?;
    let (promised, wanted) = (promised.as_str(), required.as_str());
    Err(eventweir::Error::new(
        eventweir::ErrorKind::Config,
        format!(
            "it promises durability `{promised}`, and `storage.requires` is `{wanted}`: {}",
            advice(required)
        ),
    ))
}

const MEMORY_ADVICE: &str = "memory keeps nothing; sqlite:PATH does";

fn sqlite_advice(required: Durability) -> String {
    match required {
        Durability::Replicated => {
            "one file is on one machine; Redis with replicas or a MongoDB replica set is on several"
        }
        _ => "open it with ?synchronous=full",
    }
    .to_owned()
}

/// Opens the storage that the configuration names.
///
/// # Errors
/// When the scheme is not known, or the driver refuses. Both can only be mended by the operator, and exit as such.
pub(super) async fn open(section: &StorageSection) -> Result<Arc<dyn Storage>> {
    let opened = registry_for(section.requires.map(Into::into)).open(&section.url).await;
    opened.map_err(|error| Failure::usage(format!("`storage.url`: {}", crate::failure::with_causes(&error))))
}

async fn open_sqlite(url: String) -> eventweir::Result<SqliteStorage> {
    let config = SqliteConfig::from_url(&url)?;
    make_folder(&config.path).await?;
    let storage = SqliteStorage::open(config).await?;
    refuse_reader(&storage).await?;
    Ok(storage)
}

/// A broker that can only read would answer every publisher with an error: better not to start it. The store itself says best
/// why it cannot be written.
async fn refuse_reader(storage: &SqliteStorage) -> eventweir::Result<()> {
    if storage.is_writer() {
        return Ok(());
    }
    let refused = storage.commit(&StreamName::main(), &Commit::new()).await;
    storage.close().await?;
    refused.map(drop)
}

/// Makes the folder of a file, but none above it: a path that is wrong further up is told rather than built.
async fn make_folder(file: &Path) -> eventweir::Result<()> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    match tokio::fs::create_dir(folder).await {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(eventweir::Error::new(
            eventweir::ErrorKind::Config,
            format!("the folder {} cannot be made: {error}", folder.display()),
        )),
        _ => Ok(()),
    }
}

/// Says what a storage promises, in one sentence for the log.
pub(super) fn describe(promises: &Promises) -> String {
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
