//! Starts the servers that tests need, each in a process and a folder of its own, on free ports of the loopback.

pub mod mongo;
mod orphan;
pub mod redis;
