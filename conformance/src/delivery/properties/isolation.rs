//! Law *isolation*: a reader that stops holds up nobody, and loses nothing by it.

use super::{begin, publish_side_by_side, reader};
use crate::Failure;
use crate::delivery::Stage;
use crate::delivery::play::Manner;

pub(crate) async fn a_reader_that_stops_holds_nobody_up(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    for number in 0..4 {
        let role =
            reader(&play, &format!("stopped {number}")).manner(Manner::Stops { after: 0, connected: true });
        play.read(role).await?;
    }
    let role = reader(&play, "reader");
    play.read(role).await?;
    // The stopped ones read to the end only when this is done, and the publishers wait for nobody but the broker.
    publish_side_by_side(&play, 3, 80).finish().await?;
    play.finish().await.map(drop)
}
