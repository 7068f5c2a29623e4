//! How often scripts do what.

use super::act::{Act, CHANNELS, Happening};
use crate::delivery::play::Manner;
use crate::delivery::{Disturbance, Site};
use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any};
use proptest::strategy::Union;
use std::time::Duration;

/// Makes scripts of up to 14 acts, of what a site can be asked for.
pub(crate) fn script(site: &dyn Site) -> impl Strategy<Value = Vec<Act>> + use<> {
    let publish = (0..CHANNELS.len(), vec(1..5_usize, 1..12));
    let publish = publish.prop_map(|(channel, batches)| Act::Publish { channel, batches }).boxed();
    let twice = (0..CHANNELS.len()).prop_map(|channel| Act::PublishTwice { channel }).boxed();
    let mut acts = vec![(6, publish), (4, read(site.abilities().latest)), (2, Just(Act::Wait).boxed())];
    if site.abilities().ids {
        acts.push((1, twice));
    }
    let happenings = happenings(site);
    if !happenings.is_empty() {
        acts.push((4, Union::new_weighted(happenings).prop_map(Act::Disturb).boxed()));
    }
    vec(Union::new_weighted(acts), 2..=14)
}

fn read(latest: bool) -> BoxedStrategy<Act> {
    let manner = Union::new_weighted(vec![
        (3, Just(Manner::Steady).boxed()),
        (3, (1..6_usize).prop_map(Manner::Restless).boxed()),
        (1, (1..10_u64).prop_map(|ms| Manner::Slow(Duration::from_millis(ms))).boxed()),
        (2, any::<bool>().prop_map(|connected| Manner::Stops { after: 0, connected }).boxed()),
    ]);
    (0..8_usize, any::<bool>(), manner)
        .prop_map(move |(selection, from_latest, manner)| Act::Read {
            selection,
            latest: latest && from_latest,
            manner,
        })
        .boxed()
}

/// Lists what can happen at a site.
fn happenings(site: &dyn Site) -> Vec<(u32, BoxedStrategy<Happening>)> {
    let plain = |strategy: BoxedStrategy<Disturbance>| strategy.prop_map(Happening::Plain).boxed();
    let cut = (0..1500_u64).prop_map(|after_bytes| Disturbance::Cut { after_bytes }).boxed();
    let all = [
        (4, cut, Disturbance::Cut { after_bytes: 0 }),
        (
            1,
            (0..30_u64).prop_map(|ms| Disturbance::Stall(Duration::from_millis(ms))).boxed(),
            Disturbance::Stall(Duration::ZERO),
        ),
        (
            1,
            (0..40_usize).prop_map(|bytes| Disturbance::Split { bytes }).boxed(),
            Disturbance::Split { bytes: 0 },
        ),
        (1, Just(Disturbance::LoseAnswers(true)).boxed(), Disturbance::LoseAnswers(true)),
        (2, Just(Disturbance::Restart).boxed(), Disturbance::Restart),
        (2, Just(Disturbance::Kill).boxed(), Disturbance::Kill),
        (2, Just(Disturbance::Lose).boxed(), Disturbance::Lose),
        (1, Just(Disturbance::Return).boxed(), Disturbance::Return),
        (
            1,
            (-1..2_i64).prop_map(|step| Disturbance::StepClock { seconds: 3600 * step }).boxed(),
            Disturbance::StepClock { seconds: 0 },
        ),
        (2, (0..30_u64).prop_map(|keep| Disturbance::Trim { keep }).boxed(), Disturbance::Trim { keep: 0 }),
        (
            2,
            any::<u32>().prop_map(|seed| Disturbance::Faults { seed: Some(seed.into()) }).boxed(),
            Disturbance::Faults { seed: None },
        ),
        (2, any::<bool>().prop_map(Disturbance::Deafness).boxed(), Disturbance::Deafness(true)),
    ];
    let mut happenings: Vec<_> = all
        .into_iter()
        .filter(|(_, _, sample)| may_happen(site, sample))
        .map(|(weight, strategy, _)| (weight, plain(strategy)))
        .collect();
    if may_happen(site, &Disturbance::Remove { channel: site.top().clone() }) {
        happenings.push((1, (0..CHANNELS.len()).prop_map(|channel| Happening::Remove { channel }).boxed()));
    }
    if !happenings.is_empty() {
        happenings.push((3, Just(Happening::Calm).boxed()));
    }
    happenings
}

/// Whether a disturbance can be asked for, and a protocol can tell its readers what it takes from them.
fn may_happen(site: &dyn Site, disturbance: &Disturbance) -> bool {
    let abilities = site.abilities();
    let told = match disturbance {
        Disturbance::Trim { .. } | Disturbance::Remove { .. } => abilities.gaps,
        Disturbance::BeginAnew => abilities.resets,
        Disturbance::Restart | Disturbance::Kill | Disturbance::Lose => {
            abilities.resets || site.survives() || site.outlives(disturbance)
        }
        _ => true,
    };
    told && site.can(disturbance)
}
