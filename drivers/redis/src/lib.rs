//! Keeps streams in Redis.
