//! From a URL to a storage driver.

use crate::{Error, ErrorKind, Result, Storage};
use futures_core::future::BoxFuture;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

type Opener = Box<dyn Fn(String) -> BoxFuture<'static, Result<Arc<dyn Storage>>> + Send + Sync>;

/// Opens storage by URL. A value, filled by whoever composes the program: what it does not know, it cannot open.
///
/// ```
/// # async fn example() -> eventweir::Result<()> {
/// let registry = eventweir::Registry::new()
///     .with("memory", |_url| async { Ok(eventweir_memory::MemoryStorage::new()) });
/// let storage = registry.open("memory:").await?;
/// # Ok(()) }
/// ```
#[derive(Default)]
pub struct Registry(BTreeMap<&'static str, Opener>);

impl Registry {
    /// Makes an empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a scheme. The function gets the whole URL.
    pub fn with<S, F>(
        mut self,
        scheme: &'static str,
        open: impl Fn(String) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: Storage,
        F: Future<Output = Result<S>> + Send + 'static,
    {
        let opener: Opener = Box::new(move |url| {
            let opening = open(url);
            Box::pin(async move { Ok(Arc::new(opening.await?) as Arc<dyn Storage>) })
        });
        self.0.insert(scheme, opener);
        self
    }

    /// Opens the storage that a URL names.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when the scheme is not known, naming those that are; else what the driver says.
    pub async fn open(&self, url: &str) -> Result<Arc<dyn Storage>> {
        let scheme = url.split(':').next().unwrap_or_default();
        let known = || self.0.keys().copied().collect::<Vec<_>>().join(", ");
        match self.0.get(scheme) {
            Some(open) if url.contains(':') => open(url.to_owned()).await,
            _ => Err(Error::new(
                ErrorKind::Config,
                format!("{}; known are {}, written as scheme:...", unknown(scheme), known()),
            )),
        }
    }
}

/// Shows the scheme only, and only what looks like one: the rest of a URL may hold a password.
fn unknown(scheme: &str) -> String {
    let looks_like_one = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
    match scheme.bytes().all(looks_like_one) {
        true => format!("the storage scheme {scheme:?} is not known"),
        false => "the storage URL begins with no scheme".to_owned(),
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refusal_shows_no_password() {
        for url in
            ["hunter2@host:6379", "my hunter2", "x://u:hunter2@host", "://u:hunter2@host", ":hunter2@host"]
        {
            let refused = Registry::new().open(url).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Config);
            assert!(!refused.to_string().contains("hunter2"), "{refused}");
        }
    }
}
