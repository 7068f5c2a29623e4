//! Every law at once: random scripts against the model.

use crate::Failure;
use crate::bench::Lab;
use crate::property::remembers_ids;
use crate::script::{Dialect, explore, perform, script};

pub(crate) async fn scripts_agree_with_the_model(lab: &Lab) -> Result<(), Failure> {
    let bench = lab.open().await?;
    let dialect = Dialect {
        repeated_ids: remembers_ids(bench.promises().dedup),
        reopen: bench.survives(),
        catalog: bench.client.storage.catalog().is_some(),
    };
    explore(&script(dialect), async |steps| perform(lab, steps).await).await
}
