//! What the environment says: `EVENTWEIR_SEED` and `EVENTWEIR_CASES`.

use crate::Failure;
use std::env;

/// Says which random cases are run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// The seed of the first case; each further case has the next one.
    pub(crate) seed: u64,
    /// How many cases there are.
    pub(crate) cases: u64,
}

impl Settings {
    /// Reads the environment. Without a seed, every run has another one.
    pub(crate) fn from_environment() -> Result<Self, Failure> {
        // The low half of a version 4 UUID has 62 random bits.
        let random = || uuid::Uuid::new_v4().as_u64_pair().1 >> 1;
        Ok(Self {
            seed: number("EVENTWEIR_SEED")?.unwrap_or_else(random),
            cases: number("EVENTWEIR_CASES")?.unwrap_or(DEFAULT_CASES),
        })
    }
}

/// A setting that cannot be read is an error: a replay that quietly used another seed would look like a cured defect.
fn number(name: &str) -> Result<Option<u64>, Failure> {
    let Some(text) = env::var_os(name) else { return Ok(None) };
    let number = text.to_str().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| Failure::new(format!("{name} is {text:?}, which is no whole number")))
}

/// Enough to find the usual defects in a second or two; set `EVENTWEIR_CASES` to look harder.
const DEFAULT_CASES: u64 = 64;
