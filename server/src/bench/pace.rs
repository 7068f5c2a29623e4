//! When operations are to begin.

use std::time::{Duration, Instant};

/// Says what an operation waits for before it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pace {
    /// For an answer to the one before it (closed loop).
    Closed,
    /// For its time: this many begin each second, whatever the target does (open loop).
    Open(f64),
}

/// Says when each operation of one load is to begin.
///
/// In an open loop the latency of an operation counts from there, not from when a slow target let it be sent: that is what
/// keeps the percentiles free of coordinated omission.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    begin: Instant,
    end: Instant,
    pace: Pace,
}

impl Schedule {
    pub(super) fn new(pace: Pace, begin: Instant, time: Duration) -> Self {
        Self { begin, end: begin + time, pace }
    }

    pub(super) fn end(&self) -> Instant {
        self.end
    }

    /// Returns when operation `number` is to begin, for somebody free to begin it now; `None` once the load is over.
    pub(super) fn intended(&self, number: u64, now: Instant) -> Option<Instant> {
        let at = match self.pace {
            Pace::Closed => now,
            Pace::Open(rate) => self.begin + Duration::from_secs_f64(number as f64 / rate),
        };
        (at < self.end && now < self.end).then_some(at)
    }

    /// Lists when operations from `number` on were to begin and did not, once the load is over.
    pub(super) fn missed(&self, number: u64) -> impl Iterator<Item = Instant> + use<> {
        let schedule = *self;
        let open = self.pace != Pace::Closed;
        (number..)
            .take_while(move |_| open)
            // Asked as of the beginning, only its own time decides.
            .map_while(move |number| schedule.intended(number, schedule.begin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_loop_has_its_times_whatever_the_clock_says() {
        let begin = Instant::now();
        let schedule = Schedule::new(Pace::Open(100.0), begin, Duration::from_secs(1));
        let late = begin + Duration::from_millis(900);
        assert_eq!(schedule.intended(0, late), Some(begin));
        assert_eq!(schedule.intended(50, late), Some(begin + Duration::from_millis(500)));
        assert_eq!(schedule.intended(100, late), None);
        assert_eq!(schedule.missed(40).count(), 60);
    }

    #[test]
    fn a_closed_loop_begins_when_it_can_and_misses_nothing() {
        let begin = Instant::now();
        let schedule = Schedule::new(Pace::Closed, begin, Duration::from_secs(1));
        let now = begin + Duration::from_millis(7);
        assert_eq!(schedule.intended(12, now), Some(now));
        assert_eq!(schedule.intended(12, schedule.end()), None);
        assert_eq!(schedule.missed(0).count(), 0);
    }
}
