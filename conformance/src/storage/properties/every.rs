//! Every law at once: random scripts against the model.

use crate::Failure;
use crate::explore::{Search, explore};
use crate::property::remembers_ids;
use crate::storage::concurrent::{self, Means};
use crate::storage::lab::Lab;
use crate::storage::script::{Dialect, perform, script};

pub(crate) async fn scripts_agree_with_the_model(lab: &Lab) -> Result<(), Failure> {
    let bench = lab.open().await?;
    let dialect = Dialect {
        repeated_ids: remembers_ids(bench.promises().dedup),
        reopen: bench.survives(),
        catalog: bench.client.storage.catalog().is_some(),
    };
    explore(Search::of_cases(&lab.options), &script(dialect), async |steps| perform(lab, steps).await).await
}

pub(crate) async fn concurrent_scripts_agree_with_the_log(lab: &Lab) -> Result<(), Failure> {
    let bench = lab.open().await?;
    let means = Means {
        ids: remembers_ids(bench.promises().dedup),
        reopen: bench.survives(),
        catalog: bench.client.storage.catalog().is_some(),
    };
    let perform = async |rows: &[_]| concurrent::perform(lab, rows).await;
    explore(Search::of_meetings(&lab.options), &concurrent::script(means), perform).await
}
