//! Law *no-miss*: a page holds every retained event that is selected, and no other, whatever the selection and the limits.

use crate::Failure;
use crate::failure::ensure;
use crate::storage::crew::Crew;
use crate::storage::lab::Lab;
use crate::storage::model::Model;
use crate::storage::properties::tail::{self, Sentinel};
use crate::storage::stream::StreamClient;
use crate::storage::verify::check_page;
use crate::words::{channel, event, pattern, scopes, seq, source};
use eventweir::{
    ChannelName, Commit, ContentType, Direction, Event, Headers, NewEvent, ReadQuery, Retention, Scope,
    Selector, Start, Timestamp,
};
use std::sync::Arc;

pub(crate) async fn every_selector_finds_its_channels(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let model = publish_everywhere(&client).await?;
    let epoch = client.bounds().await?.epoch;
    for selector in selectors() {
        for direction in [Direction::Ascending, Direction::Descending] {
            for limit in [1, 2, 1000] {
                let mut query = ReadQuery::new(selector.clone(), Start::Earliest);
                query = query.with_direction(direction).with_limit(limit);
                loop {
                    let page = client.read(&query).await?;
                    check_page(&model, epoch, &query, &page)
                        .map_err(|f| f.at(format!("{:?}", selector.scopes())))?;
                    if !page.more {
                        break;
                    }
                    crate::storage::stream::resume(&mut query, &page);
                }
            }
        }
    }
    Ok(())
}

/// Publishes to channels whose names are easily taken for one another.
async fn publish_everywhere(client: &StreamClient) -> Result<Model, Failure> {
    let mut model = Model::new(false);
    for round in 0..2 {
        let events = NAMES.iter().map(|name| event(name, format!("{name} {round}")));
        let commit = Commit::append(events);
        client.commit(&commit).await?;
        let _ = model.commit(&commit);
    }
    Ok(model)
}

fn selectors() -> Vec<Selector> {
    let of_one = NAMES.iter().flat_map(|name| {
        [Selector::exact(channel(name)), Selector::subtree(channel(name)), Selector::ancestors(channel(name))]
    });
    let patterns = ["/**", "/*", "/shop/*", "/shop/**", "/*/eu", "/shop/*/x", "/shop/eu/**", "/shop/eu"];
    let several = scopes([
        Scope::Exact(channel("/shop")),
        Scope::Subtree(channel("/shop/eu")),
        Scope::Pattern(pattern("/shop/*")),
        Scope::Ancestors(channel("/shop/eu/x")),
    ]);
    of_one.chain(patterns.iter().map(|text| Selector::pattern(pattern(text)))).chain([several]).collect()
}

/// Siblings with a common beginning, empty segments, both cases, and what a store's own patterns might take for wild cards.
const NAMES: [&str; 15] = [
    "/shop",
    "/shop/eu",
    "/shop/eu/x",
    "/shop/europe",
    "/shop/e_",
    "/shop/eu_",
    "/shop/EU",
    "/shop/",
    "/shop//eu",
    "/shop/eu/",
    "/shop-eu",
    "/shop.eu",
    "/shop/[eu]",
    "/shop/'eu'",
    "/shop/é",
];

pub(crate) async fn limits_cut_after_the_merge(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    // The first channel alone could fill every page.
    client.fill("/a", 10).await?;
    client.fill("/b", 10).await?;
    client.fill("/a", 10).await?;
    let both = scopes([Scope::Exact(channel("/a")), Scope::Exact(channel("/b"))]);
    for direction in [Direction::Ascending, Direction::Descending] {
        let query = ReadQuery::new(both.clone(), Start::Earliest).with_limit(7).with_direction(direction);
        let mut sequences: Vec<u64> =
            client.walk(&query).await?.iter().map(|event| event.sequence.get()).collect();
        if direction == Direction::Descending {
            sequences.reverse();
        }
        ensure!(sequences.iter().copied().eq(1..=30), "two channels in pages of 7 gave {sequences:?}");
    }
    Ok(())
}

pub(crate) async fn channels_that_come_to_be_later_are_found(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let selectors = [
        Selector::subtree(channel("/a")),
        Selector::pattern(pattern("/a/**")),
        Selector::ancestors(channel("/a/b/c")),
        Selector::all(),
    ];
    let mut published = Vec::new();
    for name in ["/a", "/a/b", "/x", "/a/b/c", "/a/d"] {
        published.push((name, client.publish(event(name, "later")).await?));
        for selector in &selectors {
            let meant = published.iter().filter(|(name, _)| selector.matches_channel(name));
            let expected: Vec<_> = meant.map(|(_, sequence)| *sequence).collect();
            let found: Vec<_> = client.all(selector).await?.iter().map(|event| event.sequence).collect();
            let scopes = selector.scopes();
            ensure!(
                found == expected,
                "once {name} is there, {scopes:?} means {expected:?}, and {found:?} were read"
            );
        }
    }
    Ok(())
}

pub(crate) async fn sparse_channels_are_found(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let mut expected = Vec::new();
    for _ in 0..3 {
        client.fill("/busy", 700).await?;
        expected.push(client.publish(event("/quiet/here", "found")).await?);
    }
    client.fill("/busy", 700).await?;
    for selector in [Selector::exact(channel("/quiet/here")), Selector::subtree(channel("/quiet"))] {
        let found = client.walk(&ReadQuery::new(selector, Start::Earliest).with_limit(2)).await?;
        let found: Vec<_> = found.iter().map(|event| event.sequence).collect();
        ensure!(found == expected, "the events of a quiet channel are {expected:?}, and {found:?} were read");
    }
    Ok(())
}

pub(crate) async fn events_come_back_as_they_were(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let published = unusual_events()?;
    client.commit(&Commit::append(published.clone())).await?;
    let read = client.expect_log(published.len() as u64).await?;
    for (number, (new, event)) in published.iter().zip(&read).enumerate() {
        let expected = Event::new(seq(number as u64 + 1), new.clone());
        ensure!(**event == expected, "published was {new:?}, and read is {event:?}");
    }
    Ok(())
}

fn unusual_events() -> Result<Vec<NewEvent>, Failure> {
    let every_byte: Vec<u8> = (0..=255).collect();
    let headers = Headers::new([("trace", "ä\t日本"), ("empty", ""), ("a.b_c-d", "1")])?;
    let long_name = format!("/{}", "n".repeat(ChannelName::MAX_BYTES - 1));
    let mut old = event("/old", "x");
    old.time = eventweir::Timestamp::MIN;
    let mut last = event("/last", "x");
    last.time = eventweir::Timestamp::MAX;
    Ok(vec![
        event("/empty", ""),
        event("/bytes", every_byte),
        event("/headers", "x").with_headers(headers),
        event("/source", "x").with_source(source("me, \"myself\" and 'I'")),
        event("/type", "x").with_content_type(ContentType::new("text/plain; charset=utf-8")?),
        event("/json", r#"{ "a" : 1.0 }"#).with_content_type(ContentType::JSON),
        event("/large", vec![7; 1 << 20]),
        event(&long_name, "x"),
        old,
        last,
    ])
}

pub(crate) async fn the_first_event_comes_whatever_its_size(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.commit(&Commit::append((0..5).map(|_| event("/a", vec![1; 1000])))).await?;
    for direction in [Direction::Ascending, Direction::Descending] {
        for most in [0, 1, 999] {
            let query = ReadQuery::new(Selector::all(), Start::Earliest)
                .with_max_bytes(most)
                .with_direction(direction);
            let page = client.read(&query).await?;
            ensure!(
                page.events.len() == 1,
                "a page of at most {most} bytes holds {} events of 1000 bytes instead of one",
                page.events.len()
            );
            let count = client.walk(&query).await?.len();
            ensure!(count == 5, "a walk in pages of at most {most} bytes finds {count} of 5 events");
        }
    }
    Ok(())
}

pub(crate) async fn own_events_are_left_out_and_no_others(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let of = |name| event("/a", "x").with_source(source(name));
    client
        .commit(&Commit::append([of("me"), event("/a", "from nobody"), of("you"), of("ME"), of("me")]))
        .await?;
    let selector = Selector::exact(channel("/a")).except(source("me"));
    let query = ReadQuery::new(selector, Start::Earliest).with_limit(1);
    let sequences: Vec<u64> = client.walk(&query).await?.iter().map(|event| event.sequence.get()).collect();
    ensure!(
        sequences == [2, 3, 4],
        "all but the events of one source are 2, 3, 4, and {sequences:?} were read"
    );
    let position = client.read(&query.clone().with_limit(100)).await?.through;
    ensure!(position == seq(5), "a page passes over what it leaves out: it reaches 5, and says {position}");
    Ok(())
}

pub(crate) async fn readers_of_every_kind_keep_up_with_writers(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    let sentinel = Sentinel::new();
    let selectors = [
        Selector::exact(channel("/a")),
        Selector::subtree(channel("/a")),
        Selector::pattern(pattern("/*/*")),
        scopes([Scope::Exact(channel("/ab")), Scope::Ancestors(channel("/a/b"))]),
    ];
    let mut readers = Crew::new();
    for selector in &selectors {
        readers.start(tail::follow(client.clone(), selector.clone(), sentinel.clone()));
    }
    tail::write_side_by_side(&client, &sentinel).await?;
    let log = client.all(&Selector::all()).await?;
    for (selector, seen) in selectors.iter().zip(readers.finish().await?) {
        expect_same(selector, &log, &seen)?;
    }
    Ok(())
}

/// Compares what a reader saw while the log was written with what it would see now.
fn expect_same(selector: &Selector, log: &[Arc<Event>], seen: &[Arc<Event>]) -> Result<(), Failure> {
    let expected: Vec<_> =
        log.iter().filter(|event| selector.matches(event)).map(|event| event.sequence).collect();
    let seen: Vec<_> = seen.iter().map(|event| event.sequence).collect();
    ensure!(
        seen == expected,
        "a reader of {:?} should have seen {expected:?}, and saw {seen:?}",
        selector.scopes()
    );
    Ok(())
}

pub(crate) async fn a_reader_in_pages_misses_nothing_while_the_log_is_trimmed(
    lab: &Lab,
) -> Result<(), Failure> {
    let client = lab.client().await?;
    let head = client.fill("/a", 40).await?;
    let mut query = ReadQuery::new(Selector::all(), Start::After(seq(0))).with_limit(3);
    let (mut seen, mut kept) = (0, 40);
    while seen < head.get() {
        let page = client.read(&query).await?;
        for event in &page.events {
            let skipped = event.sequence.get() > seen + 1;
            let told = page.gap.is_some_and(|gap| gap.resume_at >= event.sequence);
            ensure!(!skipped || told, "after {seen} a reader is given {}, and told nothing", event.sequence);
            seen = event.sequence.get();
        }
        crate::storage::stream::resume(&mut query, &page);
        kept = 40_u64.saturating_sub(seen + 5).min(kept);
        client.keep(kept.max(3)).await?;
    }
    Ok(())
}

pub(crate) async fn a_trim_removes_what_it_must_and_no_more(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    client.commit(&Commit::append((0..20).map(|_| event("/a", vec![0; 10])))).await?;
    let keep = |events, bytes| Retention { max_age: None, max_events: events, max_bytes: bytes };
    for (retention, left) in [
        (Retention::FOREVER, 20),
        (keep(Some(15), None), 15),
        (keep(None, Some(95)), 9),
        (keep(Some(9), Some(90)), 9),
        (keep(Some(7), Some(50)), 5),
        (keep(Some(1), None), 1),
    ] {
        client.trim(&retention, Timestamp::now()).await?;
        let log = client.all(&Selector::all()).await?;
        let kept: Vec<u64> = log.iter().map(|event| event.sequence.get()).collect();
        ensure!(
            kept.iter().copied().eq(21 - left..=20),
            "{retention:?} should keep {left} events, and keeps {kept:?}"
        );
    }
    Ok(())
}

pub(crate) async fn lists_are_whole_page_by_page(lab: &Lab) -> Result<(), Failure> {
    let client = lab.client().await?;
    publish_everywhere(&client).await?;
    let Some(catalog) = client.storage.catalog() else { return Ok(()) };
    let mut listed: Vec<ChannelName> = Vec::new();
    for _ in 0..=NAMES.len() {
        let page = catalog.channels(&client.stream, &Selector::all(), listed.last(), 2).await?;
        listed.extend(page.into_iter().map(|info| info.name));
    }
    let mut expected: Vec<ChannelName> = NAMES.iter().map(|name| channel(name)).collect();
    expected.sort();
    ensure!(listed == expected, "the channels are {expected:?}, and are listed as {listed:?}");
    Ok(())
}
