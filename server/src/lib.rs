#![doc = include_str!("../README.md")]

pub mod bench;
pub mod client;
pub mod config;
pub mod conformance;
pub mod failure;
pub mod serve;

mod cli;
mod log;
mod output;
mod token;

pub use cli::main;

/// Holds the program in the repository's README to what compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
