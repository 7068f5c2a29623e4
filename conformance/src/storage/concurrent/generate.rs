//! What scripts are made of, and how often.

use super::step::{
    CommitStep, CursorStep, EventStep, ExpectStep, KNOWN, NAMES, Off, ReadStep, RecordStep, Row, StartStep,
    Step, Who,
};
use crate::storage::script::{CHANNELS, SOURCES, selector_step};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};

/// Says which steps a driver can be asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Means {
    /// Ids come again, and commits are dropped: what came of them is found out by their ids.
    pub(crate) ids: bool,
    /// The store is reopened.
    pub(crate) reopen: bool,
    /// Channels are deleted.
    pub(crate) catalog: bool,
}

/// Makes scripts of up to three phases and five clients.
pub(crate) fn script(means: Means) -> impl Strategy<Value = Vec<Row>> {
    let client = (0..PHASES, 0..CLIENTS, step(means)).prop_map(|(phase, client, step)| Row {
        phase,
        who: Who::Client(client),
        step,
    });
    let world = (0..PHASES, world(means)).prop_map(|(phase, step)| Row { phase, who: Who::World, step });
    (vec(client, 1..=100), vec(world, 0..=4)).prop_map(|(mut rows, world)| {
        rows.extend(world);
        // Stable: a client's steps stay in their order.
        rows.sort_by_key(|row| (row.phase, row.who));
        rows
    })
}

fn step(means: Means) -> BoxedStrategy<Step> {
    prop_oneof![
        10 => commit(means.ids).prop_map(Step::Commit),
        2 => (0..6_usize).prop_map(move |back| if means.ids { Step::Retry(back) } else { Step::Rest }),
        4 => read().prop_map(Step::Read),
        4 => (1..8_usize).prop_map(|limit| Step::Follow { limit }),
        2 => Just(Step::Bounds),
        1 => (0..NAMES).prop_map(Step::Cursor),
        1 => (0..NAMES).prop_map(Step::Record),
        2 => Just(Step::Race),
        1 => (0..40_u64).prop_map(Step::Trim),
    ]
    .boxed()
}

fn world(means: Means) -> BoxedStrategy<Step> {
    let delete = 0..CHANNELS.len();
    prop_oneof![
        2 => Just(if means.reopen { Step::Reopen } else { Step::Rest }),
        1 => (0..20_u64).prop_map(Step::Trim),
        1 => delete.prop_map(move |channel| if means.catalog { Step::Delete(channel) } else { Step::Rest }),
    ]
    .boxed()
}

fn commit(ids: bool) -> impl Strategy<Value = CommitStep> {
    let likely = move |probability: f64| if ids { probability } else { 0.0 };
    (
        weighted(likely(0.4), Just(())),
        vec(event(likely(0.15)), 1..=4),
        expect(),
        weighted(0.3, (0..NAMES, cursor())),
        weighted(0.3, (0..NAMES, record())),
        weighted(likely(0.1), 1..4_usize),
    )
        .prop_map(|(id, events, expect, cursor, record, dropped_after)| CommitStep {
            id: id.is_some(),
            events,
            expect,
            cursor,
            record,
            dropped_after,
        })
}

fn event(known: f64) -> impl Strategy<Value = EventStep> {
    (0..CHANNELS.len(), weighted(known, 0..KNOWN.len()), weighted(0.3, 0..SOURCES.len()))
        .prop_map(|(channel, known, source)| EventStep { channel, known, source })
}

fn expect() -> impl Strategy<Value = ExpectStep> {
    let off = || prop_oneof![6 => Just(Off::Exactly), 1 => Just(Off::OneBelow), 1 => Just(Off::OneAbove)];
    prop_oneof![
        5 => Just(ExpectStep::Any),
        2 => off().prop_map(ExpectStep::Head),
        1 => (0..CHANNELS.len(), off()).prop_map(|(channel, off)| ExpectStep::ChannelHead(channel, off)),
    ]
}

fn cursor() -> impl Strategy<Value = CursorStep> {
    prop_oneof![
        4 => (0..4_u64).prop_map(CursorStep::Advance),
        1 => (0..4_u64).prop_map(CursorStep::Force),
        1 => Just(CursorStep::Back),
        1 => Just(CursorStep::Remove),
    ]
}

fn record() -> impl Strategy<Value = RecordStep> {
    prop_oneof![2 => Just(RecordStep::Any), 4 => Just(RecordStep::AsSeen), 1 => Just(RecordStep::Remove)]
}

fn read() -> impl Strategy<Value = ReadStep> {
    let start = prop_oneof![
        3 => Just(StartStep::Earliest),
        1 => Just(StartStep::Latest),
        3 => (0..30_u64).prop_map(StartStep::After),
        2 => (0..30_u64).prop_map(StartStep::At),
        1 => (0..30_u64).prop_map(StartStep::OtherEpoch),
    ];
    let limit = prop_oneof![2 => 1..8_usize, 2 => Just(1000)];
    (selector_step(), start, weighted(0.2, 0..10_u64), any::<bool>(), limit).prop_map(
        |(selector, start, until, newest_first, limit)| ReadStep {
            selector,
            start,
            until,
            newest_first,
            limit,
        },
    )
}

const PHASES: usize = 3;
const CLIENTS: usize = 5;
