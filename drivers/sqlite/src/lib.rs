#![doc = include_str!("../README.md")]

mod attended;
mod catalog;
mod codec;
mod config;
mod error;
mod file;
mod key;
mod open;
mod reader;
mod runs;
mod schema;
mod storage;
mod streams;
mod tail;
mod writer;

pub use config::{SqliteConfig, Synchronous};
pub use storage::SqliteStorage;
