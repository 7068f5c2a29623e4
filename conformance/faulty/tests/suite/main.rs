//! The suite proves itself: what is wrong in one realistic way is found by the law that it breaks, and what is not wrong is not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod alone;
mod right;
mod told;

use eventweir_conformance::{Law, Options};
use eventweir_faulty::{Faulty, table::found_by};
use std::path::Path;
use std::time::Duration;

/// This crate's command, which is the process that is killed.
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_eventweir-faulty"))
}

/// Fails unless its law finds a faulty one, and random scripts find it, too, where they are to.
fn expect_found(name: &str) {
    let faulty = Faulty::named(name).unwrap();
    let options = Options::from_environment().unwrap().with_patience(PATIENCE);
    let laws = std::iter::once(faulty.law).chain(faulty.scripts.then_some(Law::Every));
    for law in laws {
        assert!(
            found_by(law, &faulty.subject(program()), &options).is_some(),
            "no property of the law {law} finds {name}; run it again with EVENTWEIR_SEED={}",
            options.seed()
        );
    }
}

/// What a faulty one withholds never comes.
const PATIENCE: Duration = Duration::from_secs(8);

macro_rules! tests {
    ($($name:ident $law:tt $kind:ident $what:tt $wrong:literal $seen:literal;)*) => {$(
        #[doc = $wrong]
        #[test]
        fn $name() {
            expect_found(stringify!($name));
        }
    )*};
}

/// One test for each.
mod finds {
    use super::expect_found;

    eventweir_faulty::faulty!(tests);
}
