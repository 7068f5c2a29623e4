//! From the configured URL to a storage.

mod promised;

pub(super) use promised::describe;

use crate::config::StorageSection;
use crate::failure::{Failure, Result};
use eventweir::{Commit, Durability, Registry, Storage, StreamName};
use eventweir_memory::MemoryStorage;
use eventweir_mongo::{MongoConfig, MongoStorage};
use eventweir_redis::{RedisConfig, RedisStorage};
use eventweir_sqlite::{SqliteConfig, SqliteStorage};
use promised::{enough, memory_advice, sqlite_advice};
use std::path::Path;
use std::sync::Arc;

const REDIS: [&str; 6] =
    ["redis", "rediss", "redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel"];
const MONGO: [&str; 2] = ["mongodb", "mongodb+srv"];

/// Returns the drivers that this broker is composed with, by the scheme of their URL.
pub(crate) fn registry() -> Registry {
    registry_for(None)
}

/// Returns the drivers, of which those are refused that promise less than is required.
fn registry_for(required: Option<Durability>) -> Registry {
    let registry = Registry::new()
        .with("memory", move |url| async move {
            enough(MemoryStorage::from_url(&url)?, required, memory_advice).await
        })
        .with(
            "sqlite",
            move |url| async move { enough(open_sqlite(url).await?, required, sqlite_advice).await },
        );
    let registry = REDIS.into_iter().fold(registry, |registry, scheme| {
        registry.with(scheme, move |url| async move {
            enough(open_redis(url).await?, required, RedisStorage::falls_short).await
        })
    });
    MONGO.into_iter().fold(registry, |registry, scheme| {
        registry.with(scheme, move |url| async move {
            enough(open_mongo(url).await?, required, MongoStorage::falls_short).await
        })
    })
}

/// Opens the storage that the configuration names.
///
/// # Errors
/// When the scheme is not known, or the driver refuses. Both can only be mended by the operator, and exit as such.
pub(super) async fn open(section: &StorageSection) -> Result<Arc<dyn Storage>> {
    let opened = registry_for(section.requires.map(Into::into)).open(&section.url).await;
    opened.map_err(|error| refused(&error))
}

/// Ends the start: what is wrong with the store is for the operator to mend.
pub(super) fn refused(error: &eventweir::Error) -> Failure {
    Failure::usage(format!("`storage.url`: {}", crate::failure::with_causes(error)))
}

async fn open_redis(url: String) -> eventweir::Result<RedisStorage> {
    let storage = RedisStorage::open(RedisConfig::from_url(&url)?).await?;
    tracing::info!(deployment = storage.deployment(), "the store is reached");
    Ok(storage)
}

async fn open_mongo(url: String) -> eventweir::Result<MongoStorage> {
    let storage = MongoStorage::open(MongoConfig::from_url(&url)?).await?;
    tracing::info!(deployment = storage.deployment(), "the store is reached");
    Ok(storage)
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
