#![doc = include_str!("../README.md")]

mod api;
mod body;
mod bounded;
mod channels;
mod cloudevents;
mod commit;
mod config;
mod consumers;
mod event_input;
mod events;
mod frontend;
mod gzip;
mod header_text;
mod openapi;
mod operations;
mod place;
mod readiness;
mod response;
mod route;
mod router;
mod routes;
pub mod rse;
mod streams;

pub use config::HttpConfig;
pub use frontend::HttpFrontend;
pub use router::router;
