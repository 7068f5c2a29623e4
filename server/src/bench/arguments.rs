//! What `weir bench` can be told.

use super::pace::Pace;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Says what is measured, and for how long.
#[derive(Args, Clone, Debug)]
pub struct BenchArgs {
    /// Scenarios to run; --list shows them [default: all]
    #[arg(value_name = "SCENARIO")]
    pub(super) scenarios: Vec<String>,
    /// List the scenarios
    #[arg(long)]
    pub(super) list: bool,
    /// Seconds of each load, 0.05 to 600
    #[arg(long, default_value_t = 3.0, value_parser = seconds)]
    pub(super) seconds: f64,
    /// How often each load is run, in turns with what it is compared with; medians are shown
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub(super) rounds: u16,
    /// Bytes of an event's data
    #[arg(long, value_name = "BYTES", default_value_t = 256, value_parser = clap::value_parser!(u32).range(16..=65_536))]
    pub(super) payload: u32,
    /// Operations each second (open loop): latency counts from when each was to be sent. Without it each publisher sends its
    /// next when the last is answered (closed loop)
    #[arg(long, value_name = "PER_SECOND", value_parser = rate)]
    pub(super) rate: Option<f64>,
    /// Use smaller logs and fewer connections
    #[arg(long)]
    pub(super) quick: bool,
    /// Show each figure as a JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// Redis to measure, in keys of its own that are removed again [default: redis-server is started for each load]
    #[arg(long, value_name = "URL")]
    pub(super) redis: Option<String>,
    /// MongoDB to measure, in a database of its own that is removed again [default: a compatible server is started for each
    /// load, where `scripts/test tools` has built one]
    #[arg(long, value_name = "URL")]
    pub(super) mongo: Option<String>,
    /// Folder for the files of the stores, removed at the end [default: the system's temporary folder]
    #[arg(long, value_name = "FOLDER")]
    pub(super) dir: Option<PathBuf>,
}

impl BenchArgs {
    pub(super) fn time(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    pub(super) fn payload(&self) -> usize {
        self.payload as usize
    }

    pub(super) fn pace(&self) -> Pace {
        self.rate.map_or(Pace::Closed, Pace::Open)
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    number(text, 0.05, 600.0)
}

fn rate(text: &str) -> Result<f64, String> {
    number(text, 0.1, 10_000_000.0)
}

fn number(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    match (least..=most).contains(&number) {
        true => Ok(number),
        false => Err(format!("it is from {least} to {most}")),
    }
}
