//! Law *order*: there is one order, and everyone sees it.

use super::{begin, home, publish_side_by_side, reader};
use crate::Failure;
use crate::delivery::{Disturbance, Stage};

pub(crate) async fn publishers_at_once_make_one_order(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    for name in ["one", "another", "a third"] {
        let role = reader(&play, name);
        play.read(role).await?;
    }
    publish_side_by_side(&play, 4, 20).finish().await?;
    play.finish().await.map(drop)
}

pub(crate) async fn one_after_another_they_stand_so(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    let role = reader(&play, "reader");
    play.read(role).await?;
    // Each has a connection, and a broker, of its own, and begins when the one before is acknowledged.
    let mut publishers: Vec<_> = (0..3).map(|number| play.publisher(&format!("p{number}"))).collect();
    let channel = home(&play);
    for _ in 0..10 {
        for publisher in &mut publishers {
            publisher.publish(std::slice::from_ref(&channel)).await?;
        }
    }
    play.finish().await.map(drop)
}

pub(crate) async fn a_clock_that_jumps_changes_nothing(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    let role = reader(&play, "reader");
    play.read(role).await?;
    let mut publisher = play.publisher("p");
    let channel = home(&play);
    for seconds in [0, 3600, -3600, -3600, 7200, -3600] {
        play.disturb(&Disturbance::StepClock { seconds }).await?;
        for _ in 0..3 {
            publisher.publish(std::slice::from_ref(&channel)).await?;
        }
    }
    let role = reader(&play, "late reader");
    play.read(role).await?;
    play.finish().await.map(drop)
}
