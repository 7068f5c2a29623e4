//! No authentication.

use super::{Action, Auth, Credentials, Principal};
use crate::Result;
use async_trait::async_trait;

/// Lets everyone do everything. Fit for loopback.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllowAll;

#[async_trait]
impl Auth for AllowAll {
    async fn authenticate(&self, _: &Credentials) -> Result<Principal> {
        Ok(Principal::anonymous())
    }

    async fn authorize(&self, _: &Principal, _: &Action<'_>) -> Result<()> {
        Ok(())
    }
}
