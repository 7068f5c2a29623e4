//! Law *no-miss*: every retained event that is selected reaches every reader.

use super::{begin, home, publish_side_by_side, reader};
use crate::Failure;
use crate::delivery::play::{Manner, Play, Role};
use crate::delivery::{Disturbance, From, Stage};
use crate::faults::Dice;
use crate::words::{pattern, source};
use eventweir::{ChannelName, Scope, Selector};
use std::time::Duration;

pub(crate) async fn a_reader_sees_everything_in_order(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    let mut publisher = play.publisher("before");
    for _ in 0..30 {
        publisher.publish(&[home(&play)]).await?;
    }
    let role = reader(&play, "reader");
    play.read(role).await?;
    publish_side_by_side(&play, 3, 15).finish().await?;
    play.finish().await.map(drop)
}

/// The seam between what is read from the store and what comes live is where events are missed and doubled.
pub(crate) async fn history_becomes_live_without_a_seam(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    let latest = play.begins_with_what_comes();
    let publishing = publish_side_by_side(&play, 3, 60);
    for number in 0..READERS {
        let from = if latest && number % 3 == 0 { From::Latest } else { From::Earliest };
        let role = reader(&play, &format!("r{number}")).from(from);
        play.read(role).await?;
    }
    publishing.finish().await?;
    play.finish().await.map(drop)
}

pub(crate) async fn every_selection_is_delivered(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    for (number, (selector, sentinel)) in selections(&play).into_iter().enumerate() {
        if play.selects(&selector) {
            play.read(Role::new(format!("selection {number}"), selector, sentinel)).await?;
        }
    }
    let mut publisher = play.publisher("p");
    // The last ones come to be while their readers follow.
    for name in ["/a", "/a/b", "/ab", "/a/b/c", "/a-b", "/x", "/a/b/c/d", "/a/new", "/a/new/e"] {
        let channel = play.channel(name);
        publisher.publish(&[channel.clone(), play.channel("/x")]).await?;
        publisher.publish_as(&channel, &source("me")).await?;
        publisher.publish_as(&channel, &source("you")).await?;
    }
    play.finish().await.map(drop)
}

/// Lists selections, each with a channel that it means.
fn selections(play: &Play) -> Vec<(Selector, ChannelName)> {
    let at = |name: &str| play.channel(name);
    let several = [Scope::Exact(at("/a")), Scope::Exact(at("/x"))];
    let patterns = |text: &str| Selector::pattern(pattern(&format!("{}{text}", play.channel(""))));
    let mut selections = vec![
        (Selector::exact(at("/a")), at("/a")),
        (Selector::subtree(at("/a")), at("/a/z")),
        (Selector::subtree(at("/a/new")), at("/a/new")),
        (Selector::ancestors(at("/a/b/c")), at("/a")),
        (patterns("/a/*"), at("/a/z")),
        (patterns("/**"), at("/z")),
        (patterns("/*/b"), at("/z/b")),
        (Selector::subtree(at("/a")).except(source("me")), at("/a/z")),
    ];
    selections.extend(Selector::new(several).map(|selector| (selector, at("/x"))));
    selections
}

pub(crate) async fn who_falls_behind_comes_back(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    for (name, span) in [("slow", 3), ("slower", 20)] {
        let role = reader(&play, name).manner(Manner::Slow(Duration::from_millis(span)));
        play.read(role).await?;
    }
    publish_side_by_side(&play, 2, 120).finish().await?;
    play.finish().await.map(drop)
}

pub(crate) async fn cut_at_any_byte_readers_go_on(stage: &Stage) -> Result<(), Failure> {
    let mut dice = Dice::new(stage.options.seed());
    for _ in 0..stage.options.rounds().div_ceil(4) {
        let mut play = begin(stage).await?;
        for name in ["one", "another"] {
            let role = reader(&play, name);
            play.read(role).await?;
        }
        play.expect_trouble();
        let publishing = publish_side_by_side(&play, 2, 40);
        for _ in 0..CUTS {
            play.disturb(&Disturbance::Cut { after_bytes: dice.below(700) }).await?;
            tokio::time::sleep(Duration::from_millis(dice.below(15))).await;
        }
        publishing.finish().await?;
        play.finish().await?;
    }
    Ok(())
}

pub(crate) async fn bytes_may_come_in_any_pieces(stage: &Stage) -> Result<(), Failure> {
    let mut dice = Dice::new(stage.options.seed());
    let mut play = begin(stage).await?;
    let role = reader(&play, "reader");
    play.read(role).await?;
    for bytes in [1, 2, 3 + dice.below(60) as usize, 0] {
        play.disturb(&Disturbance::Split { bytes }).await?;
        publish_named(&play, &format!("p{bytes}"), 5).await?;
        play.disturb(&Disturbance::Stall(Duration::from_millis(5 + dice.below(40)))).await?;
    }
    play.finish().await.map(drop)
}

async fn publish_named(play: &Play, name: &str, count: usize) -> Result<(), Failure> {
    let mut publisher = play.publisher(name);
    for _ in 0..count {
        publisher.publish(&[home(play)]).await?;
    }
    Ok(())
}

const READERS: usize = 24;
const CUTS: usize = 12;
