//! Law *wake-up*: delivery does not depend on wake-ups, only latency does.

use super::{begin, publish_side_by_side, reader};
use crate::Failure;
use crate::delivery::play::Manner;
use crate::delivery::{Disturbance, Stage};

pub(crate) async fn without_wake_ups_everything_still_comes(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    play.disturb(&Disturbance::Deafness(true)).await?;
    for (name, manner) in [("steady", Manner::Steady), ("restless", Manner::Restless(4))] {
        let role = reader(&play, name).manner(manner);
        play.read(role).await?;
    }
    publish_side_by_side(&play, 2, 15).finish().await?;
    play.finish().await.map(drop)
}
