//! Law *honest*: what a publisher is told agrees with the log, whatever happens to the store.

use super::{begin, publish_side_by_side, reader};
use crate::Failure;
use crate::delivery::{Disturbance, Stage};

pub(crate) async fn outcomes_agree_with_the_log_when_the_store_fails(stage: &Stage) -> Result<(), Failure> {
    for round in 0..stage.options.rounds().div_ceil(4) {
        let mut play = begin(stage).await?;
        play.expect_trouble();
        let seed = Some(stage.options.seed().wrapping_add(round));
        play.disturb(&Disturbance::Faults { seed }).await?;
        let role = reader(&play, "reader");
        play.read(role).await?;
        publish_side_by_side(&play, 3, 12).finish().await?;
        play.disturb(&Disturbance::Faults { seed: None }).await?;
        play.finish().await?;
    }
    Ok(())
}
