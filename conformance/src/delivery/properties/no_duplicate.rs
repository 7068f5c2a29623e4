//! Law *no-duplicate*: a repeated publication is one event, and a reader that goes on sees nothing twice.

use super::{begin, home, publish_side_by_side, reader};
use crate::Failure;
use crate::delivery::play::Manner;
use crate::delivery::{Disturbance, Stage};
use crate::failure::ensure;
use crate::storage::crew::Crew;

pub(crate) async fn a_repeated_publication_is_one_event(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    let role = reader(&play, "reader");
    play.read(role).await?;
    let mut maker = play.publisher("p");
    for round in 0..8 {
        let publication = maker.make(&[home(&play)], None);
        let first = maker.insist(&publication).await?;
        // By another connection, and of two brokers by the other one.
        let mut other = play.publisher(&format!("other{round}"));
        let again = other.insist(&publication).await?;
        for (first, again) in first.iter().zip(&again) {
            let same = first.sequence == again.sequence;
            ensure!(same, "an event was published twice by one id: first at {first:?}, then at {again:?}");
            ensure!(again.duplicate != Some(false), "an event that was known is said to be new: {again:?}");
        }
    }
    play.finish().await.map(drop)
}

pub(crate) async fn repeated_at_the_same_time_it_is_one_event(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    let role = reader(&play, "reader");
    play.read(role).await?;
    for round in 0..6 {
        let publication = play.publisher(&format!("p{round}")).make(&[home(&play)], None);
        let mut crew = Crew::new();
        for number in 0..5 {
            let (mut publisher, publication) =
                (play.publisher(&format!("p{round}.{number}")), publication.clone());
            crew.start(async move { publisher.insist(&publication).await });
        }
        let answers = crew.finish().await?;
        let places: Vec<_> = answers.iter().flatten().map(|published| published.sequence).collect();
        let same = places.windows(2).all(|pair| pair[0] == pair[1]);
        ensure!(same, "one id was published by five clients at once, and they were told {places:?}");
    }
    play.finish().await.map(drop)
}

pub(crate) async fn a_lost_answer_can_be_asked_for_again(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    let role = reader(&play, "reader");
    play.read(role).await?;
    play.expect_trouble();
    let mut publisher = play.publisher("p");
    for _ in 0..stage.options.rounds().max(4) {
        let publication = publisher.make(&[home(&play)], None);
        play.disturb(&Disturbance::LoseAnswers(true)).await?;
        // It happens, and nobody hears of it.
        let _lost = publisher.attempt(&publication).await?;
        play.disturb(&Disturbance::LoseAnswers(false)).await?;
        publisher.insist(&publication).await?;
    }
    play.finish().await.map(drop)
}

pub(crate) async fn who_reconnects_all_the_time_sees_nothing_twice(stage: &Stage) -> Result<(), Failure> {
    let mut play = begin(stage).await?;
    for after in [1, 2, 5] {
        let role = reader(&play, &format!("restless {after}")).manner(Manner::Restless(after));
        play.read(role).await?;
    }
    publish_side_by_side(&play, 3, 20).finish().await?;
    play.finish().await.map(drop)
}
