//! From sources to one checked configuration.

use super::layers::{Layer, Sources};
use super::{Config, SAMPLE};
use crate::failure::{Failure, Result};
use toml::{Table, Value};

/// Holds a configuration, and the merged settings that it was read from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the broker is told to be.
    pub config: Config,
    /// All settings, defaults included.
    pub settings: Table,
}

/// Reads the sources, later ones before earlier ones, and checks every key and value.
///
/// # Errors
/// One sentence that names the key, what is wrong with it, and the source that it came from.
pub fn load(sources: &Sources) -> Result<Loaded> {
    let mut given = Table::new();
    let mut outcome = Ok(Config::default());
    for Layer { origin, table } in sources.layers()? {
        merge(&mut given, table);
        // Read after each source, so that whatever is refused now came from this one.
        outcome = match read(&given) {
            Ok(config) => Ok(config),
            Err(Refused::Incomplete(why)) => Err(Failure::usage(format!("{origin}: {why}"))),
            Err(Refused::Wrong(why)) => return Err(Failure::usage(format!("{origin}: {why}"))),
        };
    }
    let config = outcome?;
    let mut settings =
        SAMPLE.parse().map_err(|error| Failure::failed(format!("the sample is broken: {error}")))?;
    merge(&mut settings, given);
    Ok(Loaded { config, settings })
}

/// Says why settings cannot be used.
enum Refused {
    /// A later source may still bring what is missing.
    Incomplete(String),
    /// No later source can mend it.
    Wrong(String),
}

/// Reads a table, and checks what its types cannot.
fn read(settings: &Table) -> Result<Config, Refused> {
    let config: Config =
        serde_path_to_error::deserialize(Value::Table(settings.clone())).map_err(|error| {
            let path = error.path().to_string();
            explain(&path, error.into_inner().message())
        })?;
    config.check().map_err(Refused::Wrong)?;
    Ok(config)
}

fn explain(path: &str, message: &str) -> Refused {
    if message.starts_with("missing field") {
        return Refused::Incomplete(format!("`{path}` is not complete: {message}"));
    }
    match message.strip_prefix("unknown field `").and_then(|rest| rest.split_once("`, ")) {
        Some((field, expected)) => {
            let key = if path == "." { field } else { path };
            Refused::Wrong(format!("the key `{key}` is not known: {expected}"))
        }
        None => Refused::Wrong(format!("`{path}` cannot be used: {message}")),
    }
}

/// Lays settings over others: tables are merged, anything else replaced.
fn merge(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => merge(under, over),
            (_, value) => drop(under.insert(key, value)),
        }
    }
}
