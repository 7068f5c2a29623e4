//! The server over real sockets.

mod bodies;
mod heads;
mod support;
