//! The place of jobs in the contract: how they enter a commit, and the part of a storage that leases them.
//!
//! No driver keeps jobs yet (see `docs/roadmap.md`): [`Storage::jobs`](crate::Storage::jobs) is `None` on all of them, and a
//! commit with job changes is refused as unsupported before it reaches a driver. The shape is decided now so that drivers
//! written today have room for it: ADR 5.

use crate::{Error, Result, Timestamp};
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt::Debug;
use std::time::Duration;
use uuid::Uuid;

pub use crate::types::QueueName;

/// Identifies a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(Uuid);

impl JobId {
    /// Makes a new id, which grows with time within a process.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// Reads the canonical text of an id.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when it is no UUID.
    pub fn new(text: &str) -> Result<Self> {
        Uuid::try_parse(text).map(Self).map_err(|_| Error::invalid("a job id is a UUID"))
    }
}

/// Fences a lease off from those before it: every lease of a job has a greater token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FencingToken(pub u64);

/// Changes a job, as part of a commit: with its events, cursor moves and records, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobChange {
    /// Adds a job to a queue.
    Enqueue {
        /// The new job's id; known ids add nothing.
        id: JobId,
        /// The queue.
        queue: QueueName,
        /// What is to be done.
        payload: Bytes,
        /// Not before this moment.
        run_at: Timestamp,
        /// Greater is sooner.
        priority: i16,
    },
    /// Ends a job as done. Refused when the token is not that of the lease in force.
    Complete {
        /// The job.
        id: JobId,
        /// The lease's token.
        token: FencingToken,
    },
    /// Ends a lease without success. Refused when the token is not that of the lease in force.
    Fail {
        /// The job.
        id: JobId,
        /// The lease's token.
        token: FencingToken,
        /// Try again at this moment; `None` puts the job with the dead.
        retry_at: Option<Timestamp>,
        /// Why.
        reason: String,
    },
}

/// Hands jobs out on leases. Enqueueing and ending jobs is part of [`Commit`](crate::Commit).
#[async_trait]
pub trait JobStore: Debug + Send + Sync {
    /// Leases up to `limit` due jobs of a queue: greatest priority first, then oldest.
    ///
    /// # Errors
    /// As [`Storage::commit`](crate::Storage::commit).
    async fn lease(
        &self,
        queue: &QueueName,
        limit: usize,
        span: Duration,
        now: Timestamp,
    ) -> Result<Vec<LeasedJob>>;

    /// Moves the deadline of a lease. Refused when the token is not that of the lease in force.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) for a stale token; else as [`Storage::commit`](crate::Storage::commit).
    async fn extend(&self, id: JobId, token: FencingToken, deadline: Timestamp) -> Result<()>;
}

/// Holds a job that a worker has on lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedJob {
    /// The job.
    pub id: JobId,
    /// What is to be done.
    pub payload: Bytes,
    /// Counts leases of this job, from 1.
    pub attempt: u32,
    /// What completes, fails or extends this lease and no other.
    pub token: FencingToken,
    /// When the lease ends by itself.
    pub deadline: Timestamp,
}
