//! How much is tried, and with which random choices.

use crate::Failure;
use eventweir::Shutdown;
use std::env;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::time::Duration;

/// Says how much of the suite's time a user gives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// For every change: finds the usual defects in a few minutes.
    #[default]
    Quick,
    /// For every release, or every night: about eight times as much.
    Full,
    /// For a rare defect: random scripts by the thousand.
    Soak,
}

impl Profile {
    /// Returns the name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "full",
            Self::Soak => "soak",
        }
    }

    fn cases(self) -> u64 {
        match self {
            Self::Quick => 64,
            Self::Full => 512,
            Self::Soak => 4096,
        }
    }
}

impl FromStr for Profile {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Quick, Self::Full, Self::Soak];
        let named = known.into_iter().find(|profile| profile.as_str() == text);
        named.ok_or_else(|| format!("the profile {text:?} is not known; known are quick, full and soak"))
    }
}

/// Says how hard the suite tries, and repeats its random choices.
#[derive(Clone, Debug)]
pub struct Options {
    profile: Profile,
    seed: u64,
    cases: Option<u64>,
    limit: Duration,
    grace: Duration,
    patience: Duration,
    stop: Shutdown,
}

impl Options {
    /// Tries as hard as a profile says, with random choices that nobody made before.
    pub fn new(profile: Profile) -> Self {
        // The low half of a version 4 UUID has 62 random bits.
        let seed = uuid::Uuid::new_v4().as_u64_pair().1 >> 1;
        Self {
            profile,
            seed,
            cases: None,
            limit: LIMIT,
            grace: GRACE,
            patience: PATIENCE,
            stop: Shutdown::new(),
        }
    }

    /// Reads `EVENTWEIR_PROFILE`, `EVENTWEIR_SEED` and `EVENTWEIR_CASES`. What is not set is as in the quick profile.
    ///
    /// # Errors
    /// A [`Failure`] that names the variable which cannot be read: a replay that quietly used another seed would look like a
    /// cured defect.
    pub fn from_environment() -> Result<Self, Failure> {
        let profile: Option<Profile> = variable("EVENTWEIR_PROFILE")?;
        let mut options = Self::new(profile.unwrap_or_default());
        options.seed = variable("EVENTWEIR_SEED")?.unwrap_or(options.seed);
        // None would pass for all.
        options.cases = variable::<NonZeroU64>("EVENTWEIR_CASES")?.map(NonZeroU64::get);
        Ok(options)
    }

    /// Sets the profile.
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Sets the seed of the first random case; each further case has the next number.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets how many random cases a property tries, whatever the profile: one at least.
    pub fn with_cases(mut self, cases: u64) -> Self {
        self.cases = Some(cases.max(1));
        self
    }

    /// Sets how long one property may take: two minutes unless set, times what [`Profile`] says.
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sets how long a property may take to remove what it made: a minute unless set.
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Sets how long clients of a broker wait for what must come: half a minute unless set.
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Ends what runs, and begins nothing more, once a signal is given: what was made is removed first.
    pub fn with_stop(mut self, stop: Shutdown) -> Self {
        self.stop = stop;
        self
    }

    /// Returns the profile.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Returns the seed of the first random case.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns how many random cases a property of cheap steps tries.
    pub fn cases(&self) -> u64 {
        self.cases.unwrap_or_else(|| self.profile.cases())
    }

    /// Returns how often a property of costly steps tries: those that start processes, cut connections or run many clients.
    pub fn rounds(&self) -> u64 {
        self.cases().div_ceil(COST)
    }

    /// Returns how long removing what a property made may take.
    pub(crate) fn grace(&self) -> Duration {
        self.grace
    }

    /// Returns how long clients of a broker wait for what must come.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// Returns the signal that ends the run.
    pub(crate) fn stop(&self) -> &Shutdown {
        &self.stop
    }

    /// Returns how long one property may take, which is much longer than it should.
    pub(crate) fn limit(&self) -> Duration {
        let profiles = u32::try_from(self.cases() / Profile::Quick.cases()).unwrap_or(u32::MAX);
        self.limit.saturating_mul(profiles.max(1))
    }
}

/// Reads a variable that must be understood if it is set.
fn variable<T: FromStr>(name: &str) -> Result<Option<T>, Failure> {
    let Some(text) = env::var_os(name) else { return Ok(None) };
    let value = text.to_str().and_then(|text| text.parse().ok());
    value.map(Some).ok_or_else(|| Failure::new(format!("{name} is {text:?}, which cannot be read")))
}

/// Properties take seconds; one that takes this long is stuck.
const LIMIT: Duration = Duration::from_secs(120);
/// Removing what a property made takes as long as a few calls.
const GRACE: Duration = Duration::from_secs(60);
/// Much longer than anything takes that is not stuck.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many cheap cases one costly round stands for.
const COST: u64 = 8;
