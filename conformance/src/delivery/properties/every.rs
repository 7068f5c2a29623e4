//! Every law at once: random scripts of what clients do and what happens to them.

use crate::Failure;
use crate::delivery::Stage;
use crate::delivery::script::{perform, script};
use crate::explore::{Search, explore};

pub(crate) async fn random_clients_agree_with_the_log(stage: &Stage) -> Result<(), Failure> {
    let site = stage.site().await?;
    let scripts = script(&*site);
    explore(Search::of_rounds(&stage.options), &scripts, async |acts| perform(stage, acts).await).await
}
