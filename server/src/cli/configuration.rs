//! `weir config`.

use super::arguments::ShowArguments;
use crate::config::{SAMPLE, load, masked};
use crate::failure::Result;
use crate::output::Output;

/// Shows the merged configuration, or the sample.
pub(super) fn show(arguments: &ShowArguments) -> Result<()> {
    let mut output = Output::stdout();
    if arguments.sample {
        return output.text(SAMPLE);
    }
    let loaded = load(&arguments.config.sources())?;
    output.text(&masked(&loaded.settings).to_string())
}
