//! Which broker, and as whom.

use clap::Args;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Says which broker a command speaks to.
#[derive(Args, Clone)]
pub(crate) struct Target {
    /// The broker
    #[arg(long, env = "WEIR_URL", default_value = "http://127.0.0.1:7766")]
    pub(crate) url: String,
    /// The token to show; better given by WEIR_TOKEN, which other users of the machine cannot see
    #[arg(long, env = "WEIR_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// File of PEM certificates to trust instead of the well-known ones
    #[arg(long, env = "WEIR_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Seconds for which a call is tried again while the broker cannot be reached or asks to come again
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) retry: u64,
    /// Write JSON for scripts
    #[arg(long)]
    pub(crate) json: bool,
}

impl Target {
    /// Returns for how long a call is tried again.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.retry)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("url", &self.url).field("ca", &self.ca).finish_non_exhaustive()
    }
}
