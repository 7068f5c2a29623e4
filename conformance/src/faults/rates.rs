//! How often which fault happens.

/// Says how often which fault happens: each a share of the calls, or of the hints, from 0 to 1.
///
/// A call has one fault at most besides its delay, so the shares of `full`, `before`, `after` and `hang` add up.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct FaultRates {
    /// The call fails before anything is done: `Unavailable`, `NotApplied`.
    pub before: f64,
    /// The call is carried out, and then fails: `Unavailable`, and `Unknown` when it changes anything.
    pub after: f64,
    /// The commit is refused as `StorageFull`, and nothing is done.
    pub full: f64,
    /// The call never returns; half of those that hang are carried out first. Only for use inside a
    /// [`TimeoutLayer`](eventweir::layers::TimeoutLayer).
    pub hang: f64,
    /// The call takes 1 to 50 ms longer, before or after it is carried out.
    pub delay: f64,
    /// The wake-up is lost.
    pub wakeup_lost: f64,
    /// The wake-up comes twice.
    pub wakeup_repeated: f64,
    /// A wake-up of nothing new comes: so often in each 10 ms.
    pub wakeup_spurious: f64,
}

impl FaultRates {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        before: 0.0,
        after: 0.0,
        full: 0.0,
        hang: 0.0,
        delay: 0.0,
        wakeup_lost: 0.0,
        wakeup_repeated: 0.0,
        wakeup_spurious: 0.0,
    };

    /// A store on a bad day: one call in ten fails, one wake-up in four is lost. No call hangs.
    pub fn mild() -> Self {
        Self {
            before: 0.04,
            after: 0.04,
            full: 0.02,
            hang: 0.0,
            delay: 0.05,
            wakeup_lost: 0.25,
            wakeup_repeated: 0.1,
            wakeup_spurious: 0.02,
        }
    }

    /// A store that fails more often than not to do it at the first try, and hangs at times.
    pub fn rough() -> Self {
        Self {
            before: 0.2,
            after: 0.2,
            full: 0.1,
            hang: 0.02,
            delay: 0.2,
            wakeup_lost: 0.5,
            wakeup_repeated: 0.2,
            wakeup_spurious: 0.05,
        }
    }

    /// Every wake-up is lost, and nothing else goes wrong.
    pub fn deaf() -> Self {
        Self { wakeup_lost: 1.0, ..Self::NONE }
    }
}

impl Default for FaultRates {
    fn default() -> Self {
        Self::mild()
    }
}
