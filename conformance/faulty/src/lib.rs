#![doc = include_str!("../README.md")]

mod brokers;
mod delivery;
mod list;
mod storage;

pub mod report;
pub mod table;

pub use brokers::alone;
pub use list::{FAULTY, Faulty, child, panics, right};
pub use storage::{FaultyHarness, FaultyStorage, NoFault};
