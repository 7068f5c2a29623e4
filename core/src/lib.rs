#![doc = include_str!("../README.md")]

pub mod auth;
pub mod catalog;
pub mod clock;
pub mod duration;
pub mod jobs;
pub mod json;
pub mod layers;

mod broker;
mod error;
mod live;
mod promises;
mod registry;
mod shutdown;
mod storage;
mod transport;
mod types;
mod wakeups;

pub use async_trait::async_trait;
pub use auth::{Action, Auth, Credentials, Principal};
pub use broker::{Broker, BrokerBuilder, Limits, Metrics, Session, StreamRule, StreamRules, Subscription};
pub use catalog::{Catalog, ChannelInfo, Usage};
pub use clock::{Clock, SystemClock};
pub use error::{Effect, Error, ErrorKind, Result};
pub use jobs::{JobChange, JobStore};
pub use live::{Batch, Delivery};
pub use promises::{Dedup, Durability, Promises, WakeupReach, Writers};
pub use registry::Registry;
pub use shutdown::Shutdown;
pub use storage::{Storage, Wakeup};
pub use transport::Transport;
pub use types::*;
pub use wakeups::WakeupHub;
