//! A site whose clients are wrapped.

use super::{Abilities, Client, Disturbance, Site, SiteOpener};
use crate::Failure;
use async_trait::async_trait;
use eventweir::ChannelName;
use std::sync::Arc;

/// Wraps a client.
pub(crate) type Wrap = Arc<dyn Fn(Box<dyn Client>) -> Box<dyn Client> + Send + Sync>;

/// Opens sites whose clients are wrapped, except for the last reader's.
pub(crate) struct Disguise {
    pub(crate) opener: Arc<dyn SiteOpener>,
    pub(crate) wrap: Wrap,
}

#[async_trait]
impl SiteOpener for Disguise {
    async fn open(&self) -> Result<Arc<dyn Site>, Failure> {
        Ok(Arc::new(Disguised { site: self.opener.open().await?, wrap: self.wrap.clone() }))
    }
}

struct Disguised {
    site: Arc<dyn Site>,
    wrap: Wrap,
}

#[async_trait]
impl Site for Disguised {
    fn abilities(&self) -> &Abilities {
        self.site.abilities()
    }

    fn can(&self, disturbance: &Disturbance) -> bool {
        self.site.can(disturbance)
    }

    fn survives(&self) -> bool {
        self.site.survives()
    }

    fn outlives(&self, disturbance: &Disturbance) -> bool {
        self.site.outlives(disturbance)
    }

    fn top(&self) -> &ChannelName {
        self.site.top()
    }

    async fn connect(&self) -> eventweir::Result<Box<dyn Client>> {
        self.site.connect().await.map(|client| (self.wrap)(client))
    }

    async fn witness(&self) -> eventweir::Result<Box<dyn Client>> {
        self.site.witness().await
    }

    async fn disturb(&self, disturbance: &Disturbance) -> Result<(), Failure> {
        self.site.disturb(disturbance).await
    }

    async fn leave(&self) -> Result<(), Failure> {
        self.site.leave().await
    }
}
