//! Retention, deletion of channels, and what has to be done so that nothing piles up.
//!
//! Each step leaves a state in which everything is true, and from which the next call goes on, whoever makes it:
//!
//! 1. The record says what is removed ([`remove`], one compare-and-set). From then on nobody is given it.
//! 2. What was removed is noted among the removed channels ([`fold`]), and the record says so.
//! 3. The events are taken out of the log's documents. Their ids stay.
//! 4. Cursors and records of all but the newest documents are copied into `weir_state` ([`settle`]), the record says so, and they
//!    are taken out of the log.
//! 5. Documents that hold no more than ids go when the window of ids is over, by the server's clock ([`fade`]).

mod delete;
mod fade;
mod fold;
mod remove;
mod settle;

pub(crate) use delete::{delete_channel, delete_stream};

use crate::core::Core;
use crate::read::bounds_of;
use crate::streams::StreamHandle;
use eventweir::{Result, Retention, Timestamp, Trimmed};

/// Trims a stream, by a bounded number of events.
pub(crate) async fn trim(
    core: &Core,
    stream: &StreamHandle,
    retention: &Retention,
    now: Timestamp,
) -> Result<Trimmed> {
    delete::sweep_leftovers(core).await?;
    fold::finish(core, stream).await?;
    let (events, beyond) = remove::beyond(core, stream, retention, now).await?;
    if events > 0 {
        fold::finish(core, stream).await?;
    }
    let unsettled = settle::settle(core, stream).await?;
    let fading = fade::fade(core, stream).await?;
    let known = core.refresh(stream).await?;
    let bounds = bounds_of(&known.record, known.tip.head);
    Ok(Trimmed { events, bounds, more: beyond || unsettled || fading })
}
