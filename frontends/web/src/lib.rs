#![doc = include_str!("../README.md")]

mod credentials;
mod guard;
mod problem;
mod selection;
mod server;
mod tls;
