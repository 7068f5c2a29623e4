#![doc = include_str!("../README.md")]

mod credentials;
mod guard;
mod problem;
mod query;
mod selection;
mod server;
mod tls;

pub use credentials::{ACCESS_TOKEN, MAX_TOKEN_BYTES, credentials, credentials_or_query};
pub use problem::Problem;
pub use query::Query;
pub use selection::{Selection, channel_of_path};
