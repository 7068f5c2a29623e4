//! Keeps streams in MongoDB.
