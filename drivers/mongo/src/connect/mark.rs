//! The mark by which a database is known as this driver's. What another program keeps there is left alone.

use super::MongoConfig;
use crate::layout::COLLECTIONS;
use eventweir::{Error, ErrorKind, Result};
use futures_util::TryStreamExt;
use mongodb::Database;
use mongodb::bson::{Document, doc};
use mongodb::results::CollectionType;

const META: &str = "weir_meta";
const PROGRAM: &str = "eventweir";
/// How documents are kept. Another number: another way.
pub(crate) const FORMAT: i32 = 1;

/// Checks that the database is this driver's or nobody's, that its format is known, and that the user may write; marks it.
pub(super) async fn check(config: &MongoConfig, database: &Database) -> Result<()> {
    refuse_other_kinds(config, database).await?;
    let meta = database.collection::<Document>(META);
    let found = at_start(config, config.within(meta.find_one(doc! {})).await?, "read")?;
    match found {
        Some(mark) => check_mark(config, &mark)?,
        None => refuse_strangers(config, database).await?,
    }
    // Also when it is there: this is how one who may only read is found out, by the server's own rules.
    let set = doc! { "$setOnInsert": { "program": PROGRAM, "format": FORMAT } };
    let written = config.within(meta.update_one(doc! { "_id": "format" }, set).upsert(true)).await?;
    match written {
        // Somebody else has started at the same moment.
        Err(error) if crate::error::is_duplicate_key(&error) => {}
        other => drop(at_start(config, other, "write to")?),
    }
    let mark = at_start(config, config.within(meta.find_one(doc! { "_id": "format" })).await?, "read")?;
    let gone = || Error::new(ErrorKind::Unavailable, "the database was emptied by another program just now");
    check_mark(config, &mark.ok_or_else(gone)?)
}

fn check_mark(config: &MongoConfig, mark: &Document) -> Result<()> {
    if mark.get_str("_id").ok() != Some("format") || mark.get_str("program").ok() != Some(PROGRAM) {
        return Err(foreign(config, META));
    }
    match mark.get_i32("format") {
        Ok(FORMAT) => Ok(()),
        Ok(other) if other > FORMAT => Err(Error::new(
            ErrorKind::Config,
            format!(
                "the database {:?} has format {other}, and this version of the driver knows up to {FORMAT}: a newer one is needed",
                config.database()
            ),
        )),
        _ => Err(foreign(config, META)),
    }
}

/// Views, capped collections and time series have names, too.
async fn refuse_other_kinds(config: &MongoConfig, database: &Database) -> Result<()> {
    let names: Vec<&str> = COLLECTIONS.iter().copied().chain([META]).collect();
    let list = async {
        let cursor = database.list_collections().filter(doc! { "name": { "$in": names } }).await?;
        cursor.try_collect::<Vec<_>>().await
    };
    for found in at_start(config, config.within(Box::pin(list)).await?, "list")? {
        if found.collection_type != CollectionType::Collection || found.options.capped == Some(true) {
            return Err(foreign(config, &found.name));
        }
    }
    Ok(())
}

/// Without a mark, nothing in collections of these names is ours.
async fn refuse_strangers(config: &MongoConfig, database: &Database) -> Result<()> {
    for name in COLLECTIONS {
        let collection = database.collection::<Document>(name);
        let found = config.within(collection.find_one(doc! {}).projection(doc! { "_id": 1 })).await?;
        if at_start(config, found, "read")?.is_some() {
            // Another process may have made the first mark, and the first commit, since.
            let meta = database.collection::<Document>(META);
            let mark = config.within(meta.find_one(doc! {})).await?;
            return match at_start(config, mark, "read")? {
                Some(mark) => check_mark(config, &mark),
                None => Err(foreign(config, name)),
            };
        }
    }
    Ok(())
}

fn foreign(config: &MongoConfig, collection: &str) -> Error {
    Error::new(
        ErrorKind::Config,
        format!(
            "the collection {collection:?} of the database {:?} holds another program's data: name another database in the URL; nothing was changed",
            config.database()
        ),
    )
}

fn at_start<T>(config: &MongoConfig, result: mongodb::error::Result<T>, what: &str) -> Result<T> {
    result.map_err(|error| match &*error.kind {
        mongodb::error::ErrorKind::Command(command) if command.code == 13 => {
            config.not_allowed(what).with_source(command.message.clone())
        }
        _ => config.at_start(&error),
    })
}
