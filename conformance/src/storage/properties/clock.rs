//! Clocks that stand still and jump by hours: the store's own, and those of its callers.

use crate::Failure;
use crate::failure::ensure;
use crate::storage::lab::{Bench, Lab};
use crate::storage::stream::StreamClient;
use crate::words::{commit_id, event, event_id, seq};
use eventweir::clock::{Clock, ManualClock};
use eventweir::{Commit, Dedup, Receipt, Retention, Selector, Sequence, Timestamp};
use std::time::Duration;

/// Law *order*: neither the store's clock nor the times of events have a say in it.
pub(crate) async fn no_clock_has_a_say_in_the_order(lab: &Lab) -> Result<(), Failure> {
    let begin = Timestamp::now();
    let (clock, bench) = with_clock(lab, begin).await?;
    let times =
        [begin, begin, begin.plus(HOUR), begin, begin.minus(HOUR), begin.minus(HOUR), begin.plus(HOUR)];
    for (before, time) in times.into_iter().enumerate() {
        clock.set(time);
        let mut new = event("/a", before.to_string());
        new.time = time;
        let place = bench.client.publish(new).await?;
        ensure!(
            place.get() == before as u64 + 1,
            "after {before} events, with the clock at {time} (it began at {begin}), the next one got {place}"
        );
        bench.client.trim(&Retention::FOREVER, clock.now()).await?;
    }
    let log = bench.client.expect_log(times.len() as u64).await?;
    let read: Vec<_> = log.iter().map(|event| event.time).collect();
    ensure!(read == times, "events were published at {times:?}, and are read as of {read:?}");
    Ok(())
}

/// Law *no-duplicate*: the windows of ids run by the store's own clock, whatever a caller's says.
pub(crate) async fn a_callers_clock_forgets_no_id(lab: &Lab) -> Result<(), Failure> {
    let now = Timestamp::now();
    // Noted by a clock that is behind, ids would be as good as forgotten; looked at by one that is ahead, too. Each time in a
    // stream of its own: ids that are forgotten in turn would hide behind others.
    for (removing, later) in [(now, now.plus(10 * DAY)), (now.plus(HOUR), now), (now.minus(10 * DAY), now)] {
        let client = lab.client().await?;
        let (kept, gone) = (commit(&client, "kept").await?, commit(&client, "removed").await?);
        for time in [removing, later, now.plus(HOUR), now] {
            client.trim(&Retention::FOREVER, time).await?;
        }
        expect_known(&client, "kept", &kept).await?;
        let nothing = Retention { max_events: Some(0), ..Retention::FOREVER };
        client.trim(&nothing, removing).await?;
        client.trim(&Retention::FOREVER, later).await?;
        expect_known(&client, "kept", &kept).await?;
        expect_known(&client, "removed", &gone).await?;
        let left = client.all(&Selector::all()).await?;
        ensure!(left.is_empty(), "a repeated event is there again: {left:?}");
    }
    Ok(())
}

/// Law *no-duplicate*: no id is forgotten before its window is over, by the store's own clock, however that jumps.
pub(crate) async fn an_id_is_known_for_its_window_by_the_stores_clock(lab: &Lab) -> Result<(), Failure> {
    let begin = Timestamp::now();
    let (clock, bench) = with_clock(lab, begin).await?;
    // Streams of their own: ids that are forgotten in turn would hide behind others.
    let [one, two, three] = [bench.client.clone(), bench.client.elsewhere(), bench.client.elsewhere()];
    let window = match bench.promises().dedup {
        Dedup::None => return Ok(()),
        Dedup::Window(window) => window,
        Dedup::Forever => 10 * DAY,
    };
    let almost = window.saturating_sub(Duration::from_millis(1));
    let first = removed(&one, "first", begin).await?;
    // It stands still.
    look(&one, "first", &first, clock.now()).await?;
    // It goes back by an hour, and what is removed then is known for a window from then on.
    clock.set(begin.minus(HOUR));
    look(&one, "first", &first, clock.now()).await?;
    let second = removed(&two, "second", clock.now()).await?;
    clock.set(begin.minus(HOUR).plus(almost));
    look(&two, "second", &second, clock.now()).await?;
    look(&one, "first", &first, clock.now()).await?;
    // Back where it was, and on to the end of the first one's window.
    clock.set(begin.plus(almost));
    look(&one, "first", &first, clock.now()).await?;
    // It jumps ahead by an hour: what is removed then is known for a window from then on, also when it jumps back.
    clock.set(begin.plus(HOUR));
    let third = removed(&three, "third", clock.now()).await?;
    for time in [begin, begin.minus(HOUR), begin.plus(HOUR).plus(almost)] {
        clock.set(time);
        look(&three, "third", &third, clock.now()).await?;
    }
    for client in [one, two, three] {
        let left = client.all(&Selector::all()).await?;
        ensure!(left.is_empty(), "a repeated event is there again: {left:?}");
    }
    Ok(())
}

/// Law *honest*: a trim removes what is too old, and nothing that is not, when clocks go back.
pub(crate) async fn a_trim_by_age_keeps_what_is_young(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let noon = Timestamp::now();
    // The clock of their broker went back by an hour after the first, and ahead again after the second.
    for time in [noon, noon.minus(HOUR), noon.plus(HOUR), noon] {
        let mut new = event("/a", "x");
        new.time = time;
        client.publish(new).await?;
    }
    let keep = Retention { max_age: Some(HOUR / 2), ..Retention::FOREVER };
    let minute = Duration::from_secs(60);
    // The oldest event is 0 to 30 minutes old, or of the future: those behind it stay with it, whatever their age.
    for now in [noon.minus(HOUR), noon, noon.plus(29 * minute), noon.minus(10 * DAY)] {
        expect_trimmed(&client, &keep, now, 0).await?;
    }
    // Then it goes, and the one behind it; the third is young.
    expect_trimmed(&client, &keep, noon.plus(31 * minute), 2).await?;
    expect_trimmed(&client, &keep, noon.minus(HOUR), 0).await?;
    expect_trimmed(&client, &keep, noon.plus(89 * minute), 0).await?;
    expect_trimmed(&client, &keep, noon.plus(91 * minute), 2).await
}

async fn expect_trimmed(
    client: &StreamClient,
    keep: &Retention,
    now: Timestamp,
    count: u64,
) -> Result<(), Failure> {
    let first = client.bounds().await?.first;
    let trimmed = client.trim(keep, now).await?;
    ensure!(
        trimmed.events == count && trimmed.bounds.first == first.plus(count),
        "of what is older than 30 minutes at {now}, {count} events from {first} on should go; a trim removed {}, and says {:?}",
        trimmed.events,
        trimmed.bounds
    );
    Ok(())
}

async fn with_clock(lab: &Lab, begin: Timestamp) -> Result<(ManualClock, Bench), Failure> {
    let clock = ManualClock::at(begin);
    let bench = lab.with_clock(clock.clone()).await?;
    let bench = bench.ok_or_else(|| Failure::new("the harness makes no store with a clock any more"))?;
    Ok((clock, bench))
}

/// Commits an event, with ids of its own and of the commit.
async fn commit(client: &StreamClient, name: &str) -> Result<Receipt, Failure> {
    let receipt = client.commit(&named(name)).await?;
    ensure!(!receipt.repeated && !receipt.events[0].duplicate, "a new id is said to be known: {receipt:?}");
    Ok(receipt)
}

fn named(name: &str) -> Commit {
    Commit::append([event("/a", "x").with_id(event_id(name))]).with_id(commit_id(name))
}

/// Commits an event and removes it.
async fn removed(client: &StreamClient, name: &str, now: Timestamp) -> Result<Receipt, Failure> {
    let receipt = commit(client, name).await?;
    let nothing = Retention { max_events: Some(0), ..Retention::FOREVER };
    client.trim(&nothing, now).await?;
    Ok(receipt)
}

/// Has ids forgotten whose window is over, and expects this one to be known.
async fn look(client: &StreamClient, name: &str, first: &Receipt, now: Timestamp) -> Result<(), Failure> {
    for time in [now, now.plus(10 * DAY), now.minus(10 * DAY)] {
        client.trim(&Retention::FOREVER, time).await?;
        expect_known(client, name, first).await?;
    }
    Ok(())
}

async fn expect_known(client: &StreamClient, name: &str, first: &Receipt) -> Result<(), Failure> {
    let again = client.commit(&named(name)).await?;
    ensure!(
        again.repeated && again.events == first.events,
        "the commit {name:?} got {first:?}, and repeated {again:?}"
    );
    let event = Commit::append([event("/a", "x").with_id(event_id(name))]);
    let again = client.commit(&event).await?;
    let (place, known) =
        again.events.first().map_or((Sequence::ZERO, false), |placed| (placed.sequence, placed.duplicate));
    let expected = first.events.first().map_or(seq(0), |placed| placed.sequence);
    ensure!(
        known && place == expected,
        "the event {name:?} is at {expected}, and repeated it got {place} (known: {known})"
    );
    Ok(())
}

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
