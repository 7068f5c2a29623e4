//! Law *honest*: what a publisher is told agrees with the log, whatever happens to the store.

use super::{begin, home, publish_side_by_side, reader};
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
        let publishing = publish_side_by_side(&play, 3, 12);
        // Those try until they succeed. What is refused once, and not tried again, must never be seen.
        let mut once = play.publisher("once");
        for _ in 0..15 {
            let publication = once.make(&[home(&play)], None);
            let _refused = once.attempt(&publication).await?;
        }
        publishing.finish().await?;
        play.disturb(&Disturbance::Faults { seed: None }).await?;
        play.finish().await?;
    }
    Ok(())
}
