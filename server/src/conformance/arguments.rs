//! What `weir conformance` can be told.

use crate::failure::{Failure, Result};
use clap::Args;
use eventweir_conformance::{Level, Options, Profile, Selection};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Says what is examined, how hard, and where the reports go.
#[derive(Args, Clone)]
pub struct ConformanceArgs {
    /// Store to examine, as `weir serve` takes it: memory:, sqlite:PATH. What others have in it is not touched
    #[arg(long, value_name = "URL", conflicts_with = "url")]
    pub(super) storage: Option<String>,
    /// Running broker to examine by its public API, in channels of its own; several brokers over one store by several of these
    #[arg(long, value_name = "URL")]
    pub(super) url: Vec<String>,
    /// The token to show; better given by WEIR_TOKEN, which other users of the machine cannot see
    #[arg(long, env = "WEIR_TOKEN", hide_env_values = true)]
    pub(super) token: Option<String>,
    /// File of PEM certificates to trust instead of the well-known ones
    #[arg(long, env = "WEIR_CA", value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
    /// How much is tried: quick, full or soak [default: quick]
    #[arg(long)]
    profile: Option<Profile>,
    /// How many random cases each property tries, whatever the profile
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    cases: Option<u64>,
    /// The seed of the first random case, to repeat a run [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Look at these only: a law, a property, a level, a subject, or several of them joined as in broker::no-miss
    #[arg(long, value_name = "WHAT")]
    only: Vec<String>,
    /// Look at these levels only: storage, broker, brokers, wire, wires
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Vec<Level>,
    /// Write a JUnit report; - is stdout
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Write a JSON report; - is stdout
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// List the properties and end
    #[arg(long)]
    pub(super) list: bool,
    /// Go on with following seeds until this time is over or something fails: 90s, 10m, 1h
    #[arg(long, value_name = "TIME", value_parser = time)]
    time: Option<Duration>,
    /// Be the process that the suite kills
    #[arg(long, hide = true)]
    pub(super) child: bool,
    /// Be a broker that the suite examines, over this stream
    #[arg(long, hide = true, value_name = "STREAM")]
    pub(super) serve: Option<String>,
}

impl fmt::Debug for ConformanceArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConformanceArgs").field("only", &self.only).finish_non_exhaustive()
    }
}

/// What is wanted, checked.
pub(super) struct Wanted {
    examined: Option<Target>,
    pub(super) options: Options,
    pub(super) levels: Vec<Level>,
    pub(super) time: Option<Duration>,
    only: Vec<String>,
}

/// What is examined.
pub(super) enum Target {
    Storage(String),
    /// One that runs, or several.
    Brokers(Vec<crate::client::Target>),
}

const LEVELS: [Level; 5] = [Level::Storage, Level::Broker, Level::Brokers, Level::Wire, Level::Wires];

impl Wanted {
    pub(super) fn of(arguments: &ConformanceArgs) -> Result<Self> {
        let examined = target(arguments);
        Ok(Self {
            levels: levels(arguments, examined.as_ref())?,
            options: options(arguments)?,
            time: arguments.time,
            only: arguments.only.clone(),
            examined,
        })
    }

    /// Returns what is examined.
    pub(super) fn examined(&self) -> Result<&Target> {
        self.examined.as_ref().ok_or_else(|| {
            Failure::usage("name what is examined: --storage URL, or --url http://... for a running broker")
        })
    }

    /// Returns which properties are looked at, once it is known what there is.
    pub(super) fn selection(&self, subjects: &[(Level, &str)]) -> Result<Selection> {
        let selection = self.only.iter().fold(Selection::all(), Selection::only);
        selection.check(subjects).map_err(|failure| Failure::usage(format!("--only {}", failure.what())))?;
        Ok(selection)
    }
}

fn target(arguments: &ConformanceArgs) -> Option<Target> {
    let storage = arguments.storage.clone().map(Target::Storage);
    let broker = |url: &String| crate::client::Target {
        url: url.clone(),
        token: arguments.token.clone(),
        ca: arguments.ca.clone(),
        retry: 0,
        json: false,
    };
    let brokers: Vec<_> = arguments.url.iter().map(broker).collect();
    storage.or((!brokers.is_empty()).then_some(Target::Brokers(brokers)))
}

fn levels(arguments: &ConformanceArgs, examined: Option<&Target>) -> Result<Vec<Level>> {
    let remote = match examined {
        Some(Target::Brokers(brokers)) if brokers.len() > 1 => {
            Some((Level::Wires, "several running brokers are"))
        }
        Some(Target::Brokers(_)) => Some((Level::Wire, "a running broker is")),
        _ => None,
    };
    if let Some((only, who)) = remote {
        if arguments.level.iter().any(|level| *level != only) {
            let why = format!("{who} examined at the level {only}; the others need --storage");
            return Err(Failure::usage(why));
        }
        return Ok(vec![only]);
    }
    let wanted = |level: &Level| arguments.level.is_empty() || arguments.level.contains(level);
    Ok(LEVELS.into_iter().filter(wanted).collect())
}

/// Flags win over the variables that a failure prints.
fn options(arguments: &ConformanceArgs) -> Result<Options> {
    let mut options = Options::from_environment().map_err(|failure| Failure::usage(failure.what()))?;
    if let Some(profile) = arguments.profile {
        options = options.with_profile(profile);
    }
    if let Some(seed) = arguments.seed {
        options = options.with_seed(seed);
    }
    if let Some(cases) = arguments.cases {
        options = options.with_cases(cases);
    }
    Ok(options)
}

fn level(text: &str) -> Result<Level, String> {
    let known = LEVELS.into_iter().find(|level| level.as_str() == text);
    known.ok_or_else(|| "the levels are storage, broker, brokers, wire and wires".to_owned())
}

fn time(text: &str) -> Result<Duration, String> {
    let time = eventweir::duration::parse(text).filter(|time| !time.is_zero());
    time.ok_or_else(|| "it is a time such as 90s, 10m or 1h".to_owned())
}
