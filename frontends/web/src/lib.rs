#![doc = include_str!("../README.md")]

mod body;
mod config;
mod connection;
mod credentials;
mod exposure;
mod guard;
mod problem;
mod query;
mod selection;
mod server;
mod service;
mod tls;

pub use body::read_body;
pub use config::{TlsConfig, WebConfig};
pub use credentials::{ACCESS_TOKEN, MAX_TOKEN_BYTES, credentials, credentials_or_query};
pub use exposure::{Permissions, check_exposure};
pub use problem::Problem;
pub use query::Query;
pub use selection::{Selection, channel_of_path, selector_of_query};
pub use server::WebServer;
pub use tls::CertificateReloader;
