//! What the tail answers from memory is what the store would have answered.

use crate::common::*;
use eventweir::{
    Direction, Limits, Page, ReadQuery, Retention, Scope, Selector, Sequence, Source, Start, Storage,
    StreamName,
};
use eventweir_memory::MemoryStorage;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Publish { channel: usize, source: usize },
    Read { selector: usize, after: u64, limit: usize, descending: bool },
    Trim { keep: u64 },
    Delete { channel: usize },
}

const CHANNELS: [&str; 7] = ["/a", "/a/b", "/a/b/c", "/ab", "/b", "/b/c", "/c"];

fn selector(number: usize) -> Selector {
    let of = |scope: &str| Scope::parse(scope).unwrap();
    let chosen = match number % 9 {
        0 => Selector::all(),
        1 => Selector::exact(channel("/a")),
        2 => Selector::subtree(channel("/a")),
        3 => Selector::ancestors(channel("/a/b/c")),
        4 => Selector::new([of("/*/c")]).unwrap(),
        5 => Selector::new([of("/a/**"), of("/c")]).unwrap(),
        6 => Selector::exact(channel("/nowhere")),
        7 => Selector::new([of("/a"), of("/b"), of("/c")]).unwrap(),
        _ => Selector::subtree(channel("/b")),
    };
    if number >= 9 { chosen.except(Source::new("s1").unwrap()) } else { chosen }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let publish =
        (0..CHANNELS.len(), 0..3usize).prop_map(|(channel, source)| Step::Publish { channel, source });
    let read = (0..18usize, 0..40u64, 1..6usize, prop::bool::weighted(0.2))
        .prop_map(|(selector, after, limit, descending)| Step::Read { selector, after, limit, descending });
    let trim = (0..20u64).prop_map(|keep| Step::Trim { keep });
    let delete = (0..CHANNELS.len()).prop_map(|channel| Step::Delete { channel });
    prop::collection::vec(prop_oneof![10 => publish, 20 => read, 1 => trim, 1 => delete], 1..80)
}

fn flatten(page: &Page) -> (Vec<Sequence>, Option<u64>) {
    (page.events.iter().map(|event| event.sequence).collect(), page.gap.map(|gap| gap.resume_at.get()))
}

/// `more` may be said where nothing follows, never the other way round.
async fn nothing_follows(storage: &MemoryStorage, query: &ReadQuery, page: &Page) -> bool {
    let mut rest = query.clone().with_limit(1000);
    match query.direction {
        Direction::Ascending => rest.start = Start::After(page.through),
        Direction::Descending => rest.until = Some(page.through.previous()),
    }
    storage.read(&StreamName::main(), &rest).await.unwrap().events.is_empty()
}

async fn play(steps: Vec<Step>, limits: Limits) {
    let storage = MemoryStorage::new();
    let broker = eventweir::Broker::builder().storage(storage.clone()).limits(limits).build().unwrap();
    let session = session(&broker).await;
    let main = StreamName::main();
    for step in steps {
        match step {
            Step::Publish { channel, source } => {
                let mut event = event(CHANNELS[channel], "x");
                event.source = (source > 0).then(|| Source::new(&format!("s{source}")).unwrap());
                session.publish(event).await.unwrap();
            }
            Step::Read { selector: number, after, limit, descending } => {
                let start = Start::After(Sequence::new(after).unwrap());
                let direction = if descending { Direction::Descending } else { Direction::Ascending };
                let query =
                    ReadQuery::new(selector(number), start).with_limit(limit).with_direction(direction);
                let (got, stored) =
                    (session.read(&query).await.unwrap(), storage.read(&main, &query).await.unwrap());
                assert_eq!(flatten(&got), flatten(&stored), "{query:?}");
                assert!(got.more || nothing_follows(&storage, &query, &got).await, "{query:?}");
                assert_eq!(got.bounds.head, stored.bounds.head);
            }
            Step::Trim { keep } => {
                let retention = Retention { max_events: Some(keep), ..Retention::FOREVER };
                session.trim(&main, &retention).await.unwrap();
            }
            Step::Delete { channel: number } => {
                session.delete_channel(&channel(CHANNELS[number])).await.unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn with_room(steps in steps()) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(play(steps, Limits::default()));
    }

    #[test]
    fn in_a_tiny_tail(steps in steps()) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(play(steps, tiny_tail()));
    }
}
