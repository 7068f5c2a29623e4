//! Every property of delivery, with clients of all three brokers, each of which is stopped, killed and paused in turn.

/// Holds a protocol on a store to every property of delivery.
macro_rules! suite {
    ($name:ident: $kind:ident, $protocol:expr) => {
        mod $name {
            use crate::store::{Kind, Shared};
            use eventweir_conformance::{Subject, wire_suite};

            wire_suite!({
                let shared = Shared::new(Kind::$kind);
                Subject::wires(move || shared.brokers(), $protocol)
            });
        }
    };
}

suite!(redis: Redis, crate::protocol::mixed());
suite!(redis_by_rse: Redis, eventweir_conformance::clients::rse_long_poll());
suite!(mongo: Mongo, crate::protocol::mixed());
