//! Law *durable*: what was acknowledged survives what is promised, and what did not survive is told.

use super::{begin, publish_side_by_side, reader};
use crate::Failure;
use crate::delivery::play::Manner;
use crate::delivery::{Disturbance, Stage};
use crate::faults::Dice;
use std::time::Duration;

pub(crate) async fn a_restart_loses_nothing(stage: &Stage) -> Result<(), Failure> {
    through(stage, 3, |_| Disturbance::Restart).await
}

pub(crate) async fn kill_9_loses_nothing(stage: &Stage) -> Result<(), Failure> {
    let kills = stage.options.rounds().div_ceil(2);
    through(stage, kills, |_| Disturbance::Kill).await
}

pub(crate) async fn a_broker_that_stood_still_goes_on(stage: &Stage) -> Result<(), Failure> {
    through(stage, 2, |dice| Disturbance::Pause(Duration::from_millis(100 + dice.below(400)))).await
}

/// Disturbs several times while publishers publish and readers read, and goes on until all is told.
async fn through(
    stage: &Stage,
    times: u64,
    disturbance: impl Fn(&mut Dice) -> Disturbance,
) -> Result<(), Failure> {
    let mut dice = Dice::new(stage.options.seed());
    let mut play = begin(stage).await?;
    for (name, manner) in [("steady", Manner::Steady), ("restless", Manner::Restless(7))] {
        let role = reader(&play, name).manner(manner);
        play.read(role).await?;
    }
    play.expect_trouble();
    for _ in 0..times {
        let publishing = publish_side_by_side(&play, 3, 25);
        tokio::time::sleep(Duration::from_millis(dice.below(60))).await;
        play.disturb(&disturbance(&mut dice)).await?;
        publishing.finish().await?;
    }
    play.finish().await.map(drop)
}

pub(crate) async fn who_lost_its_broker_goes_on_at_another(stage: &Stage) -> Result<(), Failure> {
    let mut dice = Dice::new(stage.options.seed());
    let mut play = begin(stage).await?;
    for (name, manner) in [("steady", Manner::Steady), ("restless", Manner::Restless(7))] {
        let role = reader(&play, name).manner(manner);
        play.read(role).await?;
    }
    play.expect_trouble();
    for round in 0..LOSSES {
        let publishing = publish_side_by_side(&play, 3, 15);
        tokio::time::sleep(Duration::from_millis(dice.below(40))).await;
        play.disturb(&Disturbance::Lose).await?;
        publishing.finish().await?;
        // These know the others only.
        let role = reader(&play, &format!("new {round}"));
        play.read(role).await?;
        publish_side_by_side(&play, 2, 5).finish().await?;
        // The last one that is lost does not come back.
        if round + 1 < LOSSES {
            play.disturb(&Disturbance::Return).await?;
        }
    }
    play.finish().await.map(drop)
}

/// Every one of three brokers, and the first once more.
const LOSSES: usize = 4;

/// A store that survives nothing may lose everything with its broker, and must then say so.
pub(crate) async fn what_a_volatile_broker_lost_is_told(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    publish_side_by_side(&play, 2, 10).finish().await?;
    for connected in [true, false] {
        let role = reader(&play, "stopped").manner(Manner::Stops { after: 4, connected });
        play.read(role).await?;
    }
    play.expect_trouble();
    play.disturb(&Disturbance::Kill).await?;
    publish_side_by_side(&play, 2, 20).finish().await?;
    play.finish().await.map(drop)
}
