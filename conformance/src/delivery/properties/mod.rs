//! The properties, in one module per law.

pub(crate) mod atomic;
pub(crate) mod durable;
pub(crate) mod every;
pub(crate) mod honest;
pub(crate) mod isolation;
pub(crate) mod no_duplicate;
pub(crate) mod no_miss;
pub(crate) mod order;
pub(crate) mod told;
pub(crate) mod wake_up;

use super::Stage;
use super::play::{Play, Publisher, Role};
use crate::Failure;
use crate::storage::crew::Crew;
use eventweir::ChannelName;

/// Opens a site, and begins a play at it.
async fn begin(stage: &Stage) -> Result<Play, Failure> {
    Ok(Play::new(stage.site().await?, stage.options.patience()))
}

/// Returns a channel of a play's site, deep enough that it has look-alikes.
fn home(play: &Play) -> ChannelName {
    play.channel("/a/b")
}

/// Follows a channel from the beginning.
fn reader(play: &Play, name: &str) -> Role {
    Role::new(name, eventweir::Selector::exact(home(play)), home(play))
}

/// Publishes beside each other: so many publishers, each so many times one, two or three events.
fn publish_side_by_side(play: &Play, publishers: usize, rounds: usize) -> Crew<Publisher> {
    let mut crew = Crew::new();
    let channel = home(play);
    for number in 0..publishers {
        let mut publisher = play.publisher(&format!("p{number}"));
        let channel = channel.clone();
        crew.start(async move {
            for round in 0..rounds {
                publisher.publish(&vec![channel.clone(); 1 + (number + round) % 3]).await?;
            }
            Ok(publisher)
        });
    }
    crew
}
