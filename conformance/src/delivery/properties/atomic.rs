//! Law *atomic*: a commit is published wholly or not at all.

use super::{begin, home, reader};
use crate::Failure;
use crate::delivery::play::Manner;
use crate::delivery::{Disturbance, Stage};
use crate::faults::Dice;
use crate::storage::crew::Crew;
use std::time::Duration;

pub(crate) async fn batches_are_whole_and_side_by_side(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    let role = reader(&play, "restless").manner(Manner::Restless(3));
    play.read(role).await?;
    batches(&play, 4).finish().await?;
    play.finish().await.map(drop)
}

pub(crate) async fn a_batch_that_was_cut_off_is_whole_or_not_there(stage: &Stage) -> Result<(), Failure> {
    let mut dice = Dice::new(stage.options.seed());
    let mut play = begin(stage).await?;
    let role = reader(&play, "reader");
    play.read(role).await?;
    play.expect_trouble();
    let publishing = batches(&play, 3);
    for _ in 0..10 {
        play.disturb(&Disturbance::Cut { after_bytes: dice.below(900) }).await?;
        tokio::time::sleep(Duration::from_millis(dice.below(10))).await;
    }
    publishing.finish().await?;
    play.finish().await.map(drop)
}

/// Lets publishers publish batches of two to nine events beside each other.
fn batches(play: &crate::delivery::play::Play, publishers: usize) -> Crew<()> {
    let mut crew = Crew::new();
    for number in 0..publishers {
        let (mut publisher, channel) = (play.publisher(&format!("p{number}")), home(play));
        crew.start(async move {
            for round in 0..10 {
                publisher.publish(&vec![channel.clone(); 2 + (number + round) % 8]).await?;
            }
            Ok(())
        });
    }
    crew
}
