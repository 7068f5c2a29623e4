#![doc = include_str!("../README.md")]

mod failure;
mod harness;
mod law;
mod list;
mod property;
mod settings;

mod bench;
mod client;
mod crew;
mod model;
mod properties;
mod script;
mod verify;
mod words;

pub use failure::{Failure, Verdict};
pub use harness::Harness;
pub use law::Law;
pub use list::{PROPERTIES, table};
pub use property::{Needs, Property, hold};
