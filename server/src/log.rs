//! Logs, on stderr.

use crate::config::{LogFormat, LogSection};
use crate::failure::{Failure, Result};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Begins to log.
///
/// # Errors
/// When the level cannot be read.
pub(crate) fn begin(section: &LogSection) -> Result<()> {
    let filter = EnvFilter::try_new(&section.level).map_err(|error| {
        Failure::usage(format!(
            "`log.level` is error, warn, info, debug, trace or directives such as info,eventweir=debug, not {:?}: {error}",
            section.level
        ))
    })?;
    // A stderr that was closed must not end the broker, so failures to write are not reported by writing.
    let lines = layer().with_writer(std::io::stderr).log_internal_errors(false);
    let registry = tracing_subscriber::registry().with(filter);
    let begun = match section.format {
        LogFormat::Text => registry.with(lines.with_ansi(std::io::stderr().is_terminal())).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    begun.map_err(|error| Failure::failed(format!("logging cannot begin: {error}")))
}
