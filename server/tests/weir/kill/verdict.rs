//! Comparing what was promised with what was seen.

use super::{SENTINEL, Seen};
use std::collections::{HashMap, HashSet};

/// Checks the log against what publishers had acknowledged.
pub(super) fn check_log(log: &[Seen], acknowledged: &[Seen]) {
    assert!(log.windows(2).all(|pair| pair[0].sequence < pair[1].sequence), "sequences fall in the log");
    let mut places = HashMap::new();
    for event in log {
        let earlier = places.insert(event.data.as_str(), event.sequence);
        assert_eq!(earlier, None, "doubled in the log: {event:?}");
    }
    for event in acknowledged {
        let place = places.get(event.data.as_str());
        assert_eq!(place, Some(&event.sequence), "acknowledged and lost, or elsewhere: {event:?}");
    }
    let known: HashSet<&str> = acknowledged.iter().map(|event| event.data.as_str()).collect();
    let unexpected: Vec<_> =
        log.iter().filter(|event| event.data != SENTINEL && !known.contains(event.data.as_str())).collect();
    assert!(unexpected.is_empty(), "nobody published {unexpected:?}");
}

/// Checks that a reader saw exactly the log.
pub(super) fn check_reader(name: &str, seen: &[Seen], log: &[Seen]) {
    let differs = seen.iter().zip(log).position(|(seen, logged)| seen != logged);
    if let Some(at) = differs {
        panic!("{name} saw {:?} where the log has {:?}", seen[at], log[at]);
    }
    assert_eq!(seen.len(), log.len(), "{name} saw another number of events");
}

/// The verdict is worth what it refuses.
mod proof {
    use super::*;

    fn seen(events: &[(u64, &str)]) -> Vec<Seen> {
        events.iter().map(|&(sequence, data)| Seen { sequence, data: data.to_owned() }).collect()
    }

    fn refuses(check: impl FnOnce() + std::panic::UnwindSafe) {
        assert!(std::panic::catch_unwind(check).is_err());
    }

    #[test]
    fn what_breaks_the_promise_is_refused() {
        let log = seen(&[(1, "a"), (2, "b"), (4, SENTINEL)]);
        check_log(&log, &seen(&[(2, "b"), (1, "a")]));
        check_reader("good", &log, &log);
        refuses(|| check_log(&seen(&[(1, "a")]), &seen(&[(1, "a"), (2, "b")])));
        refuses(|| check_log(&seen(&[(1, "a"), (2, "a")]), &seen(&[(1, "a")])));
        refuses(|| check_log(&seen(&[(2, "a"), (1, "b")]), &seen(&[(2, "a"), (1, "b")])));
        refuses(|| check_log(&seen(&[(2, "a")]), &seen(&[(1, "a")])));
        refuses(|| check_log(&seen(&[(1, "a"), (2, "b")]), &seen(&[(1, "a")])));
        refuses(|| {
            check_reader(
                "missing",
                &seen(&[(1, "a"), (4, SENTINEL)]),
                &seen(&[(1, "a"), (2, "b"), (4, SENTINEL)]),
            )
        });
        refuses(|| check_reader("doubled", &seen(&[(1, "a"), (1, "a")]), &seen(&[(1, "a"), (2, "b")])));
        refuses(|| check_reader("short", &seen(&[(1, "a")]), &seen(&[(1, "a"), (2, "b")])));
    }
}
