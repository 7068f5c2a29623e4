//! Lets go of ids whose window is over.

use super::fold::some_keys;
use crate::core::Core;
use crate::layout::BY_GONE;
use crate::store::of;
use crate::streams::StreamHandle;
use eventweir::Result;
use mongodb::bson::{DateTime, doc};

/// So many documents go in one step.
const STEP: i64 = 1_000;

/// Removes documents that hold no more than ids, once their window is over. Returns whether there are more.
///
/// Only settled ones: a number that may be removed is known as such to all who write.
pub(super) async fn fade(core: &Core, stream: &StreamHandle) -> Result<bool> {
    let Some(record) = core.store.record(&stream.name).await? else { return Ok(false) };
    if record.settled == 0 {
        return Ok(false);
    }
    let now = core.store.now().await?.timestamp_millis();
    let window = i64::try_from(core.dedup_window.as_millis()).unwrap_or(i64::MAX);
    let before = DateTime::from_millis(now.saturating_sub(window).max(0));
    let over = doc! {
        "s": of(record.epoch), "gone": { "$lt": before }, "n": { "$lte": record.settled.min(record.cleared) as i64 },
    };
    let keys = some_keys(core, BY_GONE, over, STEP).await?;
    if keys.is_empty() {
        return Ok(false);
    }
    let more = keys.len() as i64 == STEP;
    core.store.write(core.store.log.delete_many(doc! { "_id": { "$in": keys } })).await?;
    Ok(more)
}
