//! RSE on the wire: the recorded examples byte for byte, the known defects done right, and what is new.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod beyond;
mod channels;
mod clients;
mod delivery;
mod documents;
mod golden;
mod health;
mod http_manners;
mod readers;
mod rights;
mod support;
