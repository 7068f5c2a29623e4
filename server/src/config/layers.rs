//! Where settings come from.

use crate::failure::{Failure, Result};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Names the sources of one start, weakest first: file, environment, flags, `--set`.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file that was asked for. Without one, `weir.toml` in the working directory is read when it is there.
    pub file: Option<PathBuf>,
    /// The environment.
    pub env: Vec<(String, String)>,
    /// Flags, each with the key that it stands for.
    pub flags: Vec<(&'static str, &'static str, String)>,
    /// `--set` arguments: `key.path=value`.
    pub set: Vec<String>,
}

/// Holds the settings of one source.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Names the source, as in "weir.toml" or "--set http.listen=...".
    pub origin: String,
    /// The settings.
    pub table: Table,
}

impl Sources {
    /// Reads all sources, weakest first.
    ///
    /// # Errors
    /// When a file cannot be read or is not TOML, or a variable or argument does not name a key.
    pub fn layers(&self) -> Result<Vec<Layer>> {
        let mut layers: Vec<Layer> = self.file_layer()?.into_iter().collect();
        for (name, value) in &self.env {
            if let Some(key) = env_key(name)? {
                layers.push(Layer::of(format!("the environment variable {name}"), &key, parse_value(value)));
            }
        }
        for (flag, key, value) in &self.flags {
            let value = Value::String(value.clone());
            layers.push(Layer::of((*flag).to_owned(), &split(key), value));
        }
        for setting in &self.set {
            layers.push(set_layer(setting)?);
        }
        Ok(layers)
    }

    fn file_layer(&self) -> Result<Option<Layer>> {
        match &self.file {
            Some(path) => read_file(path).map(Some),
            None if Path::new(DEFAULT_FILE).exists() => read_file(Path::new(DEFAULT_FILE)).map(Some),
            None => Ok(None),
        }
    }
}

impl Layer {
    fn of(origin: String, key: &[String], value: Value) -> Self {
        let mut table = Table::new();
        insert(&mut table, key, value);
        Self { origin, table }
    }
}

/// Read when no file is named and it is there.
const DEFAULT_FILE: &str = "weir.toml";

/// A configuration is small; this keeps a wrong path, such as a device, from filling the memory.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Reads a TOML file into a table.
///
/// # Errors
/// When it cannot be read or is not TOML, in one sentence with the place.
pub(crate) fn read_toml(path: &Path) -> Result<Table> {
    use std::io::Read;
    let mut text = String::new();
    let refused =
        |error: std::io::Error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
    let file = std::fs::File::open(path).map_err(refused)?;
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(refused)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(Failure::usage(format!("{} is larger than {MAX_FILE_BYTES} bytes", path.display())));
    }
    text.parse::<Table>().map_err(|error| {
        let line =
            error.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        Failure::usage(format!("{} line {line} is not TOML: {}", path.display(), error.message()))
    })
}

fn read_file(path: &Path) -> Result<Layer> {
    Ok(Layer { origin: path.display().to_string(), table: read_toml(path)? })
}

/// Turns `WEIR_SECTION__KEY` into the key that it names; `None` for variables that are not settings.
fn env_key(name: &str) -> Result<Option<Vec<String>>> {
    let Some(rest) = name.strip_prefix("WEIR_") else { return Ok(None) };
    if rest == "LOG" {
        return Ok(Some(split("log.level")));
    }
    if rest == "STREAM" {
        // The one section that is a list.
        return Ok(Some(split("stream")));
    }
    if rest.contains("__") {
        return Ok(Some(rest.split("__").map(str::to_ascii_lowercase).collect()));
    }
    // An orchestrator may set variables such as WEIR_SERVICE_HOST by itself; a section's name can only be a slip.
    let section = rest.split('_').next().unwrap_or_default().to_ascii_lowercase();
    if rest.contains('_') && SECTIONS.contains(&section.as_str()) {
        let meant = rest.replacen('_', "__", 1);
        return Err(Failure::usage(format!(
            "the environment variable {name} names no key; a section and its key are joined by two underscores, as in WEIR_{meant}"
        )));
    }
    Ok(None)
}

/// The sections of the configuration.
pub(super) const SECTIONS: [&str; 10] =
    ["storage", "http", "sse", "rse", "metrics", "auth", "retention", "limits", "broker", "log"];

fn set_layer(setting: &str) -> Result<Layer> {
    let refused = || {
        Failure::usage(format!(
            "--set takes key.path=value, as in http.listen=127.0.0.1:0, not {:?}",
            mask_value(setting)
        ))
    };
    let (key, value) = setting.split_once('=').ok_or_else(refused)?;
    let path = split(key.trim());
    if path.iter().any(String::is_empty) {
        return Err(refused());
    }
    Ok(Layer::of(format!("--set {}", key.trim()), &path, parse_value(value)))
}

/// A value may be a secret, so that messages show keys only.
fn mask_value(setting: &str) -> &str {
    setting.split('=').next().unwrap_or_default()
}

fn split(key: &str) -> Vec<String> {
    key.split('.').map(str::to_owned).collect()
}

/// Reads a TOML value; what is none is a string, so that shells need no second quoting.
fn parse_value(text: &str) -> Value {
    text.trim().parse::<Value>().unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn insert(table: &mut Table, key: &[String], value: Value) {
    match key {
        [] => {}
        [last] => drop(table.insert(last.clone(), value)),
        [first, rest @ ..] => {
            let mut inner = Table::new();
            insert(&mut inner, rest, value);
            table.insert(first.clone(), Value::Table(inner));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_toml_or_bare_strings() {
        assert_eq!(parse_value("5"), Value::Integer(5));
        assert_eq!(parse_value("true"), Value::Boolean(true));
        assert_eq!(parse_value("\"5\""), Value::String("5".into()));
        assert_eq!(parse_value("sqlite:a.db?x=1"), Value::String("sqlite:a.db?x=1".into()));
        assert_eq!(parse_value("127.0.0.1:0"), Value::String("127.0.0.1:0".into()));
        assert_eq!(parse_value("[\"a\", \"b\"]").as_array().map(Vec::len), Some(2));
        // A value stays one value, whatever it holds.
        assert_eq!(parse_value("1\nother = 2"), Value::String("1\nother = 2".into()));
    }

    #[test]
    fn variables_name_keys_by_two_underscores() {
        let key = |name| env_key(name).unwrap().map(|path| path.join("."));
        assert_eq!(key("WEIR_HTTP__TLS__CERT").as_deref(), Some("http.tls.cert"));
        assert_eq!(key("WEIR_RETENTION__MAX_AGE").as_deref(), Some("retention.max_age"));
        assert_eq!(key("WEIR_LOG").as_deref(), Some("log.level"));
        assert_eq!(key("WEIR_STREAM").as_deref(), Some("stream"));
        assert_eq!(key("WEIR_SERVICE_HOST"), None);
        assert_eq!(key("WEIR_PORT_7766_TCP"), None);
        assert_eq!(key("HOME"), None);
        let slip = env_key("WEIR_STORAGE_URL").unwrap_err();
        assert!(slip.message().contains("WEIR_STORAGE__URL"), "{slip}");
    }
}
