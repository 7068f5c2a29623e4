#![doc = include_str!("../README.md")]

mod failure;
mod law;
mod level;
mod options;

mod explore;
mod faults;
mod harness;
mod list;
mod property;
mod report;
mod run;
mod selection;
mod subject;

#[cfg(feature = "http")]
pub mod clients;
#[doc = include_str!("../failure-classes.md")]
pub mod failure_classes {}
mod delivery;
mod history;
mod storage;
mod words;

pub use delivery::{
    Abilities, Address, Client, From, Host, HostAbilities, OwnStream, Place, Protocol, Published, Seen, Told,
};
pub use failure::{Failure, Verdict};
pub use faults::{FaultLayer, FaultRates, Process, Proxy};
pub use harness::Harness;
pub use law::Law;
pub use level::Level;
pub use list::{DELIVERY_PROPERTIES, STORAGE_PROPERTIES, properties, table};
pub use options::{Options, Profile};
pub use property::{Needs, Property, hold};
pub use report::{Counts, Outcome, PropertyReport, Report, SubjectReport};
pub use run::{Progress, run};
pub use selection::Selection;
pub use storage::child::{child, test_as_child};
pub use subject::Subject;
