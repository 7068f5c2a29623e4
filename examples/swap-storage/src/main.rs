//! 2. The same program on any storage: one URL decides.
//!
//! `cargo run -p swap-storage -- memory:` counts to one every time;
//! `cargo run -p swap-storage -- sqlite:runs.db` counts its own runs, and so do
//! `cargo run -p swap-storage -- redis://127.0.0.1` and
//! `cargo run -p swap-storage -- mongodb://127.0.0.1/runs`, from as many machines as there are.

use eventweir::{Broker, ChannelName, Credentials, NewEvent, ReadQuery, Registry, Result, Selector, Start};
use eventweir_memory::MemoryStorage;
use eventweir_mongo::{MongoConfig, MongoStorage};
use eventweir_redis::{RedisConfig, RedisStorage};
use eventweir_sqlite::{SqliteConfig, SqliteStorage};

/// What this program can open. A registry is a value: leave a line out, and its driver is not in the binary.
fn registry() -> Registry {
    Registry::new()
        .with("memory", |url| async move { MemoryStorage::from_url(&url) })
        .with("sqlite", |url| async move { SqliteStorage::open(SqliteConfig::from_url(&url)?).await })
        .with("redis", |url| async move { RedisStorage::open(RedisConfig::from_url(&url)?).await })
        .with("mongodb", |url| async move { MongoStorage::open(MongoConfig::from_url(&url)?).await })
}

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "memory:".to_owned());
    let storage = registry().open(&url).await?;
    println!("the storage promises durability `{}`", storage.promises().durability.as_str());

    let broker = Broker::builder().storage(storage).build()?;
    let session = broker.session(&Credentials::Anonymous).await?;
    let runs = ChannelName::new("/runs")?;
    session.publish(NewEvent::new(runs.clone(), "started")).await?;

    let page = session.read(&ReadQuery::new(Selector::exact(runs), Start::Earliest).with_limit(1000)).await?;
    println!("this program has run {} time(s) on this storage", page.events.len());
    broker.close().await
}
