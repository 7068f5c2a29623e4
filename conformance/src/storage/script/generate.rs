//! What scripts are made of, and how often.

use super::selection::selector_step;
use super::step::{
    CHANNELS, CommitStep, CursorStep, EventStep, ExpectStep, NAMES, ReadStep, RecordState, RecordStep,
    SOURCES, StartStep, Step, TrimStep,
};
use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};

/// Says which steps a driver can be asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    /// Ids come again.
    pub(crate) repeated_ids: bool,
    /// The store is reopened.
    pub(crate) reopen: bool,
    /// Channels are deleted.
    pub(crate) catalog: bool,
}

/// Makes scripts of up to 40 steps.
pub(crate) fn script(dialect: Dialect) -> impl Strategy<Value = Vec<Step>> {
    vec(step(dialect), 1..=40)
}

fn step(dialect: Dialect) -> BoxedStrategy<Step> {
    let delete = (0..CHANNELS.len()).prop_map(Step::DeleteChannel);
    prop_oneof![
        10 => commit(dialect.repeated_ids).prop_map(Step::Commit),
        8 => read().prop_map(Step::Read),
        2 => trim().prop_map(Step::Trim),
        1 => if dialect.catalog { delete.boxed() } else { Just(Step::Inspect).boxed() },
        2 => Just(Step::Inspect),
        1 => Just(if dialect.reopen { Step::Reopen } else { Step::Inspect }),
    ]
    .boxed()
}

fn commit(repeated_ids: bool) -> impl Strategy<Value = CommitStep> {
    let id = weighted(if repeated_ids { 0.25 } else { 0.0 }, 0..NAMES);
    let cursors = vec((0..NAMES, cursor()), 0..=2);
    let records = vec((0..NAMES, record()), 0..=2);
    let plain = vec(event(repeated_ids), 0..=4);
    (id, plain, expect(), weighted(0.4, cursors), weighted(0.3, records)).prop_map(
        |(id, events, expect, cursors, records)| CommitStep {
            id,
            events,
            expect,
            cursors: cursors.unwrap_or_default(),
            records: records.unwrap_or_default(),
        },
    )
}

fn event(repeated_ids: bool) -> impl Strategy<Value = EventStep> {
    let id = weighted(if repeated_ids { 0.3 } else { 0.0 }, 0..NAMES);
    (0..CHANNELS.len(), id, of(0..SOURCES.len()), 0..40_usize, any::<bool>(), 0..60_u64).prop_map(
        |(channel, id, source, size, header, age)| EventStep { channel, id, source, size, header, age },
    )
}

fn expect() -> impl Strategy<Value = ExpectStep> {
    let wrong = || prop_oneof![3 => Just(false), 1 => Just(true)];
    prop_oneof![
        6 => Just(ExpectStep::Any),
        1 => wrong().prop_map(|wrong| ExpectStep::Head { wrong }),
        1 => (0..CHANNELS.len(), wrong()).prop_map(|(channel, wrong)| ExpectStep::ChannelHead { channel, wrong }),
    ]
}

fn cursor() -> impl Strategy<Value = CursorStep> {
    prop_oneof![
        3 => (0..4_u64).prop_map(CursorStep::Create),
        4 => (0..4_u64).prop_map(CursorStep::Advance),
        1 => Just(CursorStep::Misplaced),
        1 => Just(CursorStep::Back),
        1 => Just(CursorStep::Unforced),
        1 => (0..4_u64).prop_map(CursorStep::Force),
        1 => Just(CursorStep::Remove),
        1 => Just(CursorStep::BeyondHead),
    ]
}

fn record() -> impl Strategy<Value = RecordStep> {
    let expect = prop_oneof![
        3 => Just(RecordState::Any),
        3 => Just(RecordState::AsItIs),
        1 => Just(RecordState::Absent),
        1 => Just(RecordState::Wrong),
    ];
    (expect, weighted(0.8, any::<u8>())).prop_map(|(expect, value)| RecordStep { expect, value })
}

fn read() -> impl Strategy<Value = ReadStep> {
    let start = prop_oneof![
        3 => Just(StartStep::Earliest),
        1 => Just(StartStep::Latest),
        3 => (0..30_u64).prop_map(StartStep::After),
        2 => (0..30_u64).prop_map(StartStep::At),
        1 => (0..30_u64).prop_map(StartStep::OtherEpoch),
    ];
    let limit = prop_oneof![3 => 1..5_usize, 1 => Just(100), 1 => Just(usize::MAX)];
    let max_bytes = prop_oneof![1 => 0..3_usize, 2 => 3..100_usize, 3 => Just(usize::MAX)];
    (selector_step(), start, weighted(0.3, 0..20_u64), any::<bool>(), limit, max_bytes).prop_map(
        |(selector, start, until, newest_first, limit, max_bytes)| ReadStep {
            selector,
            start,
            until,
            newest_first,
            limit,
            max_bytes,
        },
    )
}

fn trim() -> impl Strategy<Value = TrimStep> {
    (weighted(0.5, 0..12_u64), weighted(0.3, 0..300_u64), weighted(0.3, 0..60_u64))
        .prop_map(|(events, bytes, age)| TrimStep { events, bytes, age })
}
