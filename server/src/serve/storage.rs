//! From the configured URL to a storage.

use crate::config::StorageSection;
use crate::failure::{Failure, Result};
use eventweir::{Commit, Dedup, Promises, Registry, Storage, StreamName, WakeupReach, Writers};
use eventweir_memory::MemoryStorage;
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use std::path::Path;
use std::sync::Arc;

/// Returns the drivers that this broker is composed with, by the scheme of their URL.
pub(crate) fn registry() -> Registry {
    Registry::new().with("memory", |url| async move { open_memory(&url) }).with("sqlite", open_sqlite)
}

/// Opens the storage that the configuration names.
///
/// # Errors
/// When the scheme is not known, or the driver refuses. Both can only be mended by the operator, and exit as such.
pub(super) async fn open(section: &StorageSection) -> Result<Arc<dyn Storage>> {
    let opened = registry().open(&section.url).await;
    opened.map_err(|error| Failure::usage(format!("`storage.url`: {}", crate::failure::with_causes(&error))))
}

fn open_memory(url: &str) -> eventweir::Result<MemoryStorage> {
    match url {
        "memory:" => Ok(MemoryStorage::new()),
        _ => Err(eventweir::Error::new(
            eventweir::ErrorKind::Config,
            "a memory store has nothing to name: its URL is memory:",
        )),
    }
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
        eventweir::Durability::Volatile => "nothing survives the end of the process",
        eventweir::Durability::Process => "what is acknowledged survives the end of the process",
        eventweir::Durability::Disk => "what is acknowledged survives loss of power",
        eventweir::Durability::Replicated => "what is acknowledged survives loss of a node",
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
