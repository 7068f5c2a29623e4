#![doc = include_str!("../README.md")]

mod catalog;
mod codec;
mod commit;
mod link;
mod read;
mod remove;
mod scripts;
mod storage;
mod streams;

pub use link::{Protocol, RedisConfig};
pub use storage::RedisStorage;
