#![doc = include_str!("../README.md")]

mod config;
mod follower;
mod form;
mod frame;
mod response;
mod router;
mod transport;

pub use config::SseConfig;
pub use form::DataForm;
pub use response::{follow, respond};
pub use router::router;
pub use transport::SseFrontend;
