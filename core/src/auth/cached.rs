//! Positive answers, kept for a bounded time.

use super::{Action, Auth, Credentials, Principal};
use crate::Result;
use async_trait::async_trait;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

/// Keeps who presented which token for a bounded time, for an [`Auth`] that has to ask elsewhere.
///
/// Only a "yes" is kept, and only who somebody is, not what they may do; tokens are kept as hashes. A token that was taken
/// back is refused once its entry is older than `life`.
pub struct CachedAuth<A> {
    inner: A,
    life: Duration,
    capacity: usize,
    known: Mutex<HashMap<[u8; 32], (Principal, Instant)>>,
}

impl<A: Auth> CachedAuth<A> {
    /// Keeps at most `capacity` answers, each for at most `life`.
    pub fn new(inner: A, life: Duration, capacity: usize) -> Self {
        Self { inner, life, capacity, known: Mutex::default() }
    }

    fn lookup(&self, key: &[u8; 32]) -> Option<Principal> {
        let known = self.known.lock();
        known
            .get(key)
            .filter(|(_, since)| since.elapsed() < self.life)
            .map(|(principal, _)| principal.clone())
    }

    fn keep(&self, key: [u8; 32], principal: Principal) {
        let mut known = self.known.lock();
        if known.len() >= self.capacity {
            known.retain(|_, (_, since)| since.elapsed() < self.life);
        }
        if known.len() < self.capacity {
            known.insert(key, (principal, Instant::now()));
        }
    }
}

#[async_trait]
impl<A: Auth> Auth for CachedAuth<A> {
    async fn authenticate(&self, credentials: &Credentials) -> Result<Principal> {
        let Credentials::Token(token) = credentials else {
            return self.inner.authenticate(credentials).await;
        };
        let key: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(principal) = self.lookup(&key) {
            return Ok(principal);
        }
        let principal = self.inner.authenticate(credentials).await?;
        self.keep(key, principal.clone());
        Ok(principal)
    }

    async fn authorize(&self, who: &Principal, action: &Action<'_>) -> Result<()> {
        self.inner.authorize(who, action).await
    }
}

impl<A: fmt::Debug> fmt::Debug for CachedAuth<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedAuth")
            .field("inner", &self.inner)
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, ErrorKind};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Debug, Default)]
    struct Counting(AtomicUsize);

    #[async_trait]
    impl Auth for Counting {
        async fn authenticate(&self, credentials: &Credentials) -> Result<Principal> {
            self.0.fetch_add(1, Ordering::Relaxed);
            match credentials {
                Credentials::Token(token) if &**token == "good" => Ok(Principal::new("good")),
                _ => Err(Error::new(ErrorKind::Unauthenticated, "no")),
            }
        }
        async fn authorize(&self, _: &Principal, _: &Action<'_>) -> Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_yes_is_kept_and_ends_and_a_no_is_not_kept() {
        let auth = CachedAuth::new(Counting::default(), Duration::from_secs(3600), 10);
        for _ in 0..3 {
            auth.authenticate(&Credentials::token("good")).await.unwrap();
            auth.authenticate(&Credentials::token("bad")).await.unwrap_err();
        }
        assert_eq!(auth.inner.0.load(Ordering::Relaxed), 4);
        let short = CachedAuth::new(Counting::default(), Duration::ZERO, 10);
        for _ in 0..3 {
            short.authenticate(&Credentials::token("good")).await.unwrap();
        }
        assert_eq!(short.inner.0.load(Ordering::Relaxed), 3);
    }
}
