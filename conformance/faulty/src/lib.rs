#![doc = include_str!("../README.md")]

mod delivery;
mod list;
mod storage;

pub mod report;
pub mod table;

pub use list::{FAULTY, Faulty, child, panics, right};
pub use storage::{FaultyHarness, FaultyStorage, NoFault};
