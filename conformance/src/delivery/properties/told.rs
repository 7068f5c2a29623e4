//! Law *told*: what a reader missed is reported, and nothing else is.

use super::{begin, home, reader};
use crate::delivery::play::{Manner, Play};
use crate::delivery::{Disturbance, From, Place, Stage, Told};
use crate::failure::ensure_law;
use crate::{Failure, Law};
use eventweir::Selector;
use std::time::Instant;

/// Publishes so many events, one by one.
async fn publish(play: &Play, name: &str, count: usize) -> Result<(), Failure> {
    let mut publisher = play.publisher(name);
    for _ in 0..count {
        publisher.publish(&[home(play)]).await?;
    }
    Ok(())
}

/// Brings in two readers that stop after so many events: one with its connection open, one that is gone.
async fn stop_two(play: &mut Play, after: usize) -> Result<(), Failure> {
    for (name, connected) in [("stopped", true), ("gone", false)] {
        let role = reader(play, name).manner(Manner::Stops { after, connected });
        play.read(role).await?;
    }
    Ok(())
}

pub(crate) async fn what_was_trimmed_is_told(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    publish(&play, "first", 5).await?;
    stop_two(&mut play, 3).await?;
    publish(&play, "second", 15).await?;
    play.disturb(&Disturbance::Trim { keep: 4 }).await?;
    publish(&play, "third", 3).await?;
    let counts = play.finish().await?;
    ensure_law!(
        Law::Told,
        counts.gaps > 0,
        "events were trimmed before a reader came back, and no gap was told: {counts}"
    );
    Ok(())
}

pub(crate) async fn a_removed_channel_is_told(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    publish(&play, "first", 5).await?;
    stop_two(&mut play, 2).await?;
    publish(&play, "second", 5).await?;
    play.disturb(&Disturbance::Remove { channel: home(&play) }).await?;
    publish(&play, "third", 3).await?;
    let counts = play.finish().await?;
    ensure_law!(
        Law::Told,
        counts.gaps > 0,
        "a channel was removed before its reader came back, and no gap was told: {counts}"
    );
    Ok(())
}

/// Clients are spread over the brokers in turn, so that as many as this reach all of them.
const CONNECTIONS: usize = 6;

pub(crate) async fn a_removed_channel_is_gone_everywhere(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    // Each broker that has a follower keeps in memory what comes.
    for number in 0..CONNECTIONS {
        let role = reader(&play, &format!("follower {number}"));
        play.read(role).await?;
    }
    publish(&play, "first", 1).await?;
    let selector = Selector::exact(home(&play));
    let (_, place) = play.glance(&selector, &From::Earliest, 1).await?;
    let place = place.ok_or_else(|| Failure::new("a client that was given an event has no place"))?;
    publish(&play, "second", 8).await?;
    // A broker that has not seen them yet could not keep them.
    for _ in 0..CONNECTIONS {
        play.glance(&selector, &From::At(place.clone()), 8).await?;
    }
    play.disturb(&Disturbance::Remove { channel: home(&play) }).await?;
    let since = Instant::now();
    while !is_told_everywhere(&play, &selector, &place).await? {
        let waited = since.elapsed();
        ensure_law!(
            Law::Told,
            waited < stage.options.patience(),
            "a channel was removed, and {} seconds later a broker still gives out its events",
            waited.as_secs()
        );
    }
    publish(&play, "third", 3).await?;
    play.finish().await.map(drop)
}

/// Returns whether whoever goes on from a place before the removal is told the gap, at whichever broker.
async fn is_told_everywhere(play: &Play, selector: &Selector, place: &Place) -> Result<bool, Failure> {
    for _ in 0..CONNECTIONS {
        let (told, _) = play.glance(selector, &From::At(place.clone()), 1).await?;
        if !matches!(told.first(), Some(Told::Gap(_))) {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(crate) async fn who_missed_nothing_is_told_nothing(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    publish(&play, "first", 10).await?;
    // These have read what is removed, and this one begins with the oldest that is left.
    stop_two(&mut play, 10).await?;
    play.disturb(&Disturbance::Trim { keep: 3 }).await?;
    let role = reader(&play, "from the earliest");
    play.read(role).await?;
    publish(&play, "second", 5).await?;
    let counts = play.finish().await?;
    ensure_law!(Law::Told, counts.gaps == 0, "a reader that missed nothing was told of a gap: {counts}");
    Ok(())
}

pub(crate) async fn a_place_of_another_incarnation_is_told(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    publish(&play, "first", 8).await?;
    stop_two(&mut play, 4).await?;
    play.disturb(&Disturbance::BeginAnew).await?;
    // More events than before: a place that is taken for one of now would pass over some.
    publish(&play, "second", 20).await?;
    let counts = play.finish().await?;
    ensure_law!(
        Law::Told,
        counts.resets > 0,
        "a stream was begun anew, and a reader from before was told no reset: {counts}"
    );
    Ok(())
}
