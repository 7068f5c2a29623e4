//! What the command line can say.

use crate::bench::{BareArgs, BenchArgs};
use crate::client::{
    channels::ChannelsArguments, consumers::ConsumersArguments, publish::PublishArguments,
    read::ReadArguments, tail::TailArguments,
};
use crate::config::Sources;
use crate::conformance::ConformanceArgs;
use clap::{Args, Parser, Subcommand};
use eventweir::Scope;
use std::path::PathBuf;

/// The ready broker of Eventweir: every retained event reaches every reader, once, in order, or the reader is told.
#[derive(Debug, Parser)]
#[command(name = "weir", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Without a command the broker is started.
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the broker (also what happens without a command)
    Serve(ConfigArguments),
    /// Publish events to a channel
    Publish(PublishArguments),
    /// Follow channels: what is published from now on, or from a position on
    Tail(TailArguments),
    /// Read pages of channels
    Read(ReadArguments),
    /// List, count and delete channels
    Channels(ChannelsArguments),
    /// List, show, set and delete the durable positions of consumers
    Consumers(ConsumersArguments),
    /// Hold a store, or a running broker, to the laws
    Conformance(ConformanceArgs),
    /// Measure the broker beside what the machine could do without it
    Bench(BenchArgs),
    /// Serve the bare limits that `bench` measures against
    #[command(hide = true)]
    BenchBare(BareArgs),
    /// Show the merged configuration, with secrets hidden
    Config(ShowArguments),
    /// Make a new token, and the entry that the broker keeps of it
    Token(TokenArguments),
}

/// Says where the configuration comes from. Later sources win: file, environment, flags, --set.
#[derive(Args, Clone, Debug)]
pub(crate) struct ConfigArguments {
    /// Configuration file [default: weir.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "WEIR_CONFIG")]
    config: Option<PathBuf>,
    /// Where events are kept: memory:, sqlite:PATH, redis://HOST, mongodb://HOST (storage.url)
    #[arg(long, value_name = "URL")]
    storage: Option<String>,
    /// Address to listen on; port 0 takes a free one (http.listen)
    #[arg(long, value_name = "ADDRESS")]
    http: Option<String>,
    /// File of tokens (auth.tokens_file)
    #[arg(long, value_name = "FILE")]
    tokens: Option<String>,
    /// What is logged: error, warn, info, debug, trace (log.level; WEIR_LOG)
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
    /// How log lines look: text or json (log.format)
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Set any key, in TOML or as a bare string: --set retention.max_events=1000
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl ConfigArguments {
    /// Returns the sources that the command line and the environment name.
    pub(crate) fn sources(&self) -> Sources {
        let flags = [
            ("--storage", "storage.url", &self.storage),
            ("--http", "http.listen", &self.http),
            ("--tokens", "auth.tokens_file", &self.tokens),
            ("--log", "log.level", &self.log),
            ("--log-format", "log.format", &self.log_format),
        ];
        Sources {
            file: self.config.clone(),
            env: environment(),
            flags: flags
                .into_iter()
                .filter_map(|(flag, key, value)| Some((flag, key, value.clone()?)))
                .collect(),
            set: self.set.clone(),
        }
    }
}

/// Returns the variables that are text; others cannot be ours.
fn environment() -> Vec<(String, String)> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let mut variables: Vec<_> = std::env::vars_os().filter_map(text).collect();
    // The system's order is arbitrary; which message comes first should not be.
    variables.sort_unstable();
    variables
}

#[derive(Args, Debug)]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    /// Show a commented sample with all defaults instead
    #[arg(long)]
    pub(crate) sample: bool,
}

#[derive(Args, Debug)]
pub(crate) struct TokenArguments {
    /// The holder's name, for rights and logs
    #[arg(default_value = "client")]
    pub(crate) name: String,
    /// Channels that the holder may publish to, such as /orders/** [default with no right given: /**]
    #[arg(long, value_name = "CHANNELS")]
    pub(crate) publish: Vec<Scope>,
    /// Channels that the holder may read [default with no right given: /**]
    #[arg(long, value_name = "CHANNELS")]
    pub(crate) read: Vec<Scope>,
    /// Consumers whose positions the holder may keep; a final * stands for anything
    #[arg(long, value_name = "NAME")]
    pub(crate) consume: Vec<String>,
    /// Queues that the holder may work on; a final * stands for anything
    #[arg(long, value_name = "NAME")]
    pub(crate) work: Vec<String>,
    /// Let the holder do everything
    #[arg(long)]
    pub(crate) admin: bool,
    /// Show secret and entry as JSON on stdout
    #[arg(long)]
    pub(crate) json: bool,
}
