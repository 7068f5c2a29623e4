//! Performs a script at a fresh site.

use super::act::{Act, CHANNELS, Happening};
use crate::Failure;
use crate::delivery::play::{Play, Publisher, Role};
use crate::delivery::{Disturbance, From, Stage};
use crate::storage::crew::Crew;
use crate::words::pattern;
use eventweir::{ChannelName, Scope, Selector};
use std::time::Duration;
use tokio::time::sleep;

/// Performs acts, and checks the whole history in the end.
pub(crate) async fn perform(stage: &Stage, acts: &[Act]) -> Result<(), Failure> {
    let site = stage.site().await?;
    let mut play = Play::new(site.clone(), stage.options.patience());
    let mut publishing: Crew<()> = Crew::new();
    if acts.iter().any(|act| matches!(act, Act::Disturb(_))) {
        play.expect_trouble();
    }
    for act in acts {
        match act {
            Act::Publish { channel, batches } => {
                let channels: Vec<_> = (0..4).map(|n| at(&play, channel + n)).collect();
                publishing.start(publish(play.publisher("p"), channels, batches.clone()));
            }
            Act::PublishTwice { channel } => {
                let publication = play.publisher("twice").make(&[at(&play, *channel)], None);
                for _ in 0..2 {
                    let (mut publisher, publication) = (play.publisher("twin"), publication.clone());
                    publishing.start(async move { publisher.insist(&publication).await.map(drop) });
                }
            }
            Act::Read { selection, latest, manner } => {
                let (selector, sentinel) = selection_of(&play, *selection);
                if play.selects(&selector) {
                    let from = if *latest { From::Latest } else { From::Earliest };
                    let name = format!("reader of selection {selection}");
                    play.read(Role::new(name, selector, sentinel).from(from).manner(*manner)).await?;
                }
            }
            Act::Wait => std::mem::replace(&mut publishing, Crew::new()).finish().await.map(drop)?,
            Act::Disturb(happening) => happen(&play, happening).await?,
        }
    }
    happen(&play, &Happening::Calm).await?;
    publishing.finish().await?;
    play.finish().await?;
    site.leave().await
}

async fn publish(
    mut publisher: Publisher,
    channels: Vec<ChannelName>,
    batches: Vec<usize>,
) -> Result<(), Failure> {
    for size in batches {
        publisher.publish(&channels[..size.min(channels.len())]).await?;
    }
    Ok(())
}

async fn happen(play: &Play, happening: &Happening) -> Result<(), Failure> {
    match happening {
        // Nobody gets through while it lasts: an act that waits for an answer would wait for ever.
        Happening::Plain(Disturbance::LoseAnswers(true)) => {
            play.disturb(&Disturbance::LoseAnswers(true)).await?;
            sleep(A_WHILE).await;
            play.disturb(&Disturbance::LoseAnswers(false)).await
        }
        Happening::Plain(disturbance) => play.disturb(disturbance).await,
        Happening::Remove { channel } => {
            play.disturb(&Disturbance::Remove { channel: at(play, *channel) }).await
        }
        Happening::Calm => play.calm().await,
    }
}

fn at(play: &Play, number: usize) -> ChannelName {
    play.channel(CHANNELS[number % CHANNELS.len()])
}

/// Returns a selection by its number, and a channel that it means.
fn selection_of(play: &Play, number: usize) -> (Selector, ChannelName) {
    let channel = |name: &str| play.channel(name);
    let exact = |name: &str| (Selector::exact(channel(name)), channel(name));
    let pattern = |text: &str| Selector::pattern(pattern(&format!("{}{text}", channel(""))));
    match number % 8 {
        0 => exact("/a"),
        1 => exact("/a/b"),
        2 => (Selector::subtree(channel("/a")), channel("/a/z")),
        3 => (play.everything(), channel("/z")),
        4 => (Selector::ancestors(channel("/a/b/c")), channel("/a")),
        5 => (pattern("/a/*"), channel("/a/z")),
        6 => (Selector::subtree(channel("/a/b")), channel("/a/b/c")),
        _ => {
            let both = Selector::new([Scope::Exact(channel("/a")), Scope::Exact(channel("/A"))]);
            (both.unwrap_or_else(|_| Selector::all()), channel("/A"))
        }
    }
}

/// Long enough for several requests.
const A_WHILE: Duration = Duration::from_millis(30);
