//! Opens sites, for one property.

use super::{Disturbance, Site};
use crate::{Failure, Needs, Options};
use async_trait::async_trait;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// Opens sites.
#[async_trait]
pub(crate) trait SiteOpener: Send + Sync {
    /// Starts a broker over a fresh store, or finds the one that runs.
    async fn open(&self) -> Result<Arc<dyn Site>, Failure>;
}

/// Where a property plays.
pub(crate) struct Stage {
    opener: Arc<dyn SiteOpener>,
    pub(crate) options: Options,
    opened: Mutex<Vec<Arc<dyn Site>>>,
}

impl Stage {
    pub(crate) fn new(opener: Arc<dyn SiteOpener>, options: Options) -> Self {
        Self { opener, options, opened: Mutex::default() }
    }

    /// Opens a fresh site.
    pub(crate) async fn site(&self) -> Result<Arc<dyn Site>, Failure> {
        let site = self.opener.open().await?;
        self.opened.lock().push(site.clone());
        Ok(site)
    }

    /// Returns why a property is skipped, when it is.
    pub(crate) async fn unmet(&self, needs: &[Needs]) -> Result<Option<String>, Failure> {
        if needs.is_empty() {
            return Ok(None);
        }
        let site = self.site().await?;
        let lacking = needs.iter().find_map(|need| lacks(&*site, *need));
        Ok(lacking.map(str::to_owned))
    }

    /// Ends what was started, and removes what was made.
    pub(crate) async fn leave(&self) -> Result<(), Failure> {
        let opened = std::mem::take(&mut *self.opened.lock());
        for site in opened {
            site.leave().await?;
        }
        Ok(())
    }
}

fn lacks(site: &dyn Site, need: Needs) -> Option<&'static str> {
    let abilities = site.abilities();
    let can = |disturbance| site.can(&disturbance);
    let (met, why) = match need {
        Needs::Ids => (abilities.ids, "repeated ids are not recognised"),
        Needs::Batches => (abilities.batches, "its protocol publishes no batches"),
        Needs::Gaps => (abilities.gaps, "its protocol tells no gaps"),
        Needs::Resets => (abilities.resets, "its protocol tells no resets"),
        Needs::Latest => (abilities.latest, "its protocol does not begin with what comes"),
        Needs::Durability => (site.survives(), "what it holds does not outlive the broker"),
        Needs::Trim => (can(Disturbance::Trim { keep: 0 }), "its events are not the suite's to trim"),
        Needs::Remove => {
            (can(Disturbance::Remove { channel: site.top().clone() }), "channels cannot be removed")
        }
        Needs::BeginAnew => (can(Disturbance::BeginAnew), "its stream is not the suite's to remove"),
        Needs::Restart => (can(Disturbance::Restart), "the suite cannot restart it"),
        Needs::Brokers => (can(Disturbance::Lose), "there is no other broker to go on at"),
        Needs::Kill => (can(Disturbance::Kill), "the suite cannot kill it"),
        Needs::Pause => (can(Disturbance::Pause(Duration::ZERO)), "the suite cannot stop and continue it"),
        Needs::Connections => (can(Disturbance::Cut { after_bytes: 0 }), "there is no connection to cut"),
        Needs::Clock => (can(Disturbance::StepClock { seconds: 0 }), "the suite cannot turn its clock"),
        Needs::Faults => (can(Disturbance::Faults { seed: None }), "its store cannot be made to fail"),
        Needs::Catalog | Needs::Wakeups | Needs::Place | Needs::Small => (false, "it concerns bare stores"),
    };
    (!met).then_some(why)
}
