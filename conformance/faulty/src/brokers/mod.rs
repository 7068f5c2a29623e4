//! Brokers of which one alone is right, and several over one store are wrong.

mod host;
mod own;
mod together;

pub(crate) use host::three;
pub(crate) use own::{DropsEveryTenth, IdsOfItsOwn, KnowsItsOwnHead};
pub(crate) use together::WaitsForEveryone;

use crate::storage::Fault;
use eventweir_conformance::{Subject, clients};

/// Says what is wrong with several brokers: each has a fault of its own between itself and the store that they share.
pub(crate) trait Faults: Fault + Sized {
    /// Makes the faults of three brokers.
    fn three() -> [Self; 3] {
        [Self::default(), Self::default(), Self::default()]
    }

    /// Tells the fault whether its broker runs.
    fn runs(&self, runs: bool) {
        let _ = runs;
    }
}

/// Returns the first of each three alone, by the name of what is wrong with the three: it is right.
pub fn alone() -> [(&'static str, Subject); 4] {
    let protocol = clients::native_polling;
    [
        ("brokers_know_their_own_ids", Subject::wire(host::one::<IdsOfItsOwn>, protocol())),
        ("brokers_know_their_own_head", Subject::wire(host::one::<KnowsItsOwnHead>, protocol())),
        ("one_broker_drops_every_tenth", Subject::wire(host::one::<DropsEveryTenth>, protocol())),
        ("brokers_wait_for_everyone", Subject::wire(host::one::<WaitsForEveryone>, protocol())),
    ]
}
