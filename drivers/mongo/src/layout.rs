//! Where things are kept: collections, keys, indexes.
//!
//! | collection | one document for each | |
//! |---|---|---|
//! | `weir_streams` | stream | what was removed, and the incarnation; see [`crate::record`] |
//! | `weir_log` | group of commits | see [`crate::document`] |
//! | `weir_state` | cursor, record | what left the log's documents |
//! | `weir_removed` | channel that lost events | up to where |
//! | `weir_leftovers` | deleted stream | whose documents are still being removed |

use eventweir::{Epoch, Result};
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use mongodb::{Collection, Database, IndexModel};

pub(crate) const STREAMS: &str = "weir_streams";
pub(crate) const LOG: &str = "weir_log";
pub(crate) const STATE: &str = "weir_state";
pub(crate) const REMOVED: &str = "weir_removed";
pub(crate) const LEFTOVERS: &str = "weir_leftovers";

/// Every collection of this driver, without the one that holds the format.
pub(crate) const COLLECTIONS: &[&str] = &[STREAMS, LOG, STATE, REMOVED, LEFTOVERS];

/// The index of log documents by their number: MongoDB's own.
pub(crate) const BY_NUMBER: &str = "_id_";
/// The index of event and commit ids, the only unique one beside `_id`.
pub(crate) const BY_ID: &str = "weir_by_id";
/// The index of channels, in the order of the log.
pub(crate) const BY_CHANNEL: &str = "weir_by_channel";
/// The index of sequences.
pub(crate) const BY_SEQUENCE: &str = "weir_by_sequence";
/// The index of cursors and records that are still in the log.
pub(crate) const BY_STATE: &str = "weir_by_state";
/// The index of documents that may go once their ids have faded.
pub(crate) const BY_GONE: &str = "weir_by_gone";
/// The indexes of the other collections.
const BY_NAME: &str = "weir_by_name";
const BY_TAG: &str = "weir_by_tag";

/// Makes the key of a log document: it sorts by stream and number, and everything of one incarnation stands together.
pub(crate) fn log_key(epoch: Epoch, number: u64) -> String {
    format!("{:016x}-{number:016x}", epoch.get())
}

/// Returns the incarnation as documents keep it.
pub(crate) fn epoch_field(epoch: Epoch) -> i64 {
    epoch.get() as i64
}

/// The tag by which documents with events of a channel are found.
pub(crate) fn channel_tag(channel: &str) -> String {
    format!("={channel}")
}

/// The tag by which documents with events below a channel are found.
pub(crate) fn below_tag(channel: &str) -> String {
    format!("^{channel}")
}

/// Lists the tags of the channels that a channel is below of: all that it goes on from with a slash, empty segments too.
pub(crate) fn tags_below(channel: &str) -> impl Iterator<Item = String> {
    channel.match_indices('/').filter(|(at, _)| *at > 0).map(|(at, _)| below_tag(&channel[..at]))
}

/// The tag of a cursor.
pub(crate) fn cursor_tag(name: &str) -> String {
    format!("c{name}")
}

/// The tag of a record.
pub(crate) fn record_tag(key: &str) -> String {
    format!("r{key}")
}

/// Makes the key of what left the log, by its tag.
pub(crate) fn state_key(epoch: Epoch, tag: &str) -> String {
    format!("{:016x}-{tag}", epoch.get())
}

/// Makes the indexes that are missing.
pub(crate) async fn prepare(database: &Database) -> Result<()> {
    let made = async {
        let log = [
            index(BY_ID, doc! { "s": 1, "ids": 1 }, Some("ids"), true),
            index(BY_SEQUENCE, doc! { "s": 1, "last": 1 }, Some("last"), false),
            index(BY_CHANNEL, doc! { "s": 1, "ch": 1, "last": 1 }, Some("ch"), false),
            index(BY_STATE, doc! { "s": 1, "st": 1, "n": 1 }, Some("st"), false),
            index(BY_GONE, doc! { "s": 1, "gone": 1 }, Some("gone"), false),
        ];
        collection(database, LOG).create_indexes(log).await?;
        collection(database, STATE)
            .create_index(index(BY_NAME, doc! { "s": 1, "k": 1, "name": 1 }, None, false))
            .await?;
        collection(database, REMOVED)
            .create_indexes([
                index(BY_TAG, doc! { "s": 1, "tags": 1, "to": 1 }, None, false),
                index(BY_NAME, doc! { "s": 1, "to": 1 }, None, false),
            ])
            .await?;
        Ok(())
    };
    made.await.map_err(|error| crate::error::map(&error, crate::error::Call::Write))
}

fn collection(database: &Database, name: &str) -> Collection<Document> {
    database.collection(name)
}

fn index(name: &str, keys: Document, only_with: Option<&str>, unique: bool) -> IndexModel {
    let partial = only_with.map(|field| doc! { field: { "$exists": true } });
    let options = IndexOptions::builder()
        .name(name.to_owned())
        .unique(unique.then_some(true))
        .partial_filter_expression(partial)
        .build();
    IndexModel::builder().keys(keys).options(options).build()
}
