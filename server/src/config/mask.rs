//! Settings as they may be shown.

use percent_encoding::percent_decode_str;
use toml::{Table, Value};

/// Stands where a secret was.
const HIDDEN: &str = "***";

/// Returns settings with every secret hidden: passwords in URLs, hashes of tokens.
pub fn masked(settings: &Table) -> Table {
    settings.iter().map(|(key, value)| (key.clone(), masked_value(key, value))).collect()
}

fn masked_value(key: &str, value: &Value) -> Value {
    match value {
        Value::String(_) if is_secret(key) => Value::String(HIDDEN.to_owned()),
        Value::String(text) if key == "url" || text.contains("://") => Value::String(masked_url(text)),
        Value::Array(items) => Value::Array(items.iter().map(|item| masked_value(key, item)).collect()),
        Value::Table(table) => Value::Table(masked(table)),
        other => other.clone(),
    }
}

/// Whether a key of the settings holds a secret.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["sha256", "password", "secret", "token", "passphrase"].contains(&key.as_str())
}

/// Hides the password of a URL and the values of secret parameters.
///
/// It is made for URLs that are wrong, too: who types a password by hand does not always encode it. Where it is not clear
/// what is a password, more is hidden than needs to be, and never less.
pub fn masked_url(text: &str) -> String {
    let (scheme, rest) = split_scheme(text);
    if matches!(scheme, "sqlite:" | "memory:") {
        // What they name is a file, or nothing: an @ is part of the name.
        return format!("{scheme}{}", masked_parameters(rest));
    }
    let rest = rest.strip_prefix("//").map_or_else(|| masked_rest("", rest), |rest| masked_rest("//", rest));
    format!("{scheme}{rest}")
}

/// Cuts behind the scheme's colon, if there is a scheme.
fn split_scheme(text: &str) -> (&str, &str) {
    let end = text.find(':').filter(|end| is_scheme(&text[..*end]));
    text.split_at(end.map_or(0, |end| end + 1))
}

fn is_scheme(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic()) && text.bytes().all(allowed)
}

/// Hides what stands in front of the last `@`: a password may hold one itself.
fn masked_rest(slashes: &str, rest: &str) -> String {
    let Some((user, host)) = rest.rsplit_once('@') else {
        return format!("{slashes}{}", masked_parameters(rest));
    };
    if user.contains('?') {
        // A password that holds a question mark, or a parameter that holds an @: there is no telling.
        return format!("{slashes}{HIDDEN}");
    }
    let name = user.split_once(':').map_or_else(String::new, |(name, _)| format!("{name}:"));
    format!("{slashes}{name}{HIDDEN}@{}", masked_parameters(host))
}

fn masked_parameters(text: &str) -> String {
    let Some((body, query)) = text.split_once('?') else { return text.to_owned() };
    // Some drivers separate parameters by semicolons.
    let parameters: String = query.split_inclusive(['&', ';']).map(masked_parameter).collect();
    format!("{body}?{parameters}")
}

fn masked_parameter(text: &str) -> String {
    match text.split_once('=') {
        Some((key, value)) if is_secret_parameter(key) => {
            let separator = value.strip_suffix(['&', ';']).map_or("", |kept| &value[kept.len()..]);
            format!("{key}={HIDDEN}{separator}")
        }
        _ => text.to_owned(),
    }
}

/// Whether a parameter of a URL may hold a secret: `tlsCertificateKeyFilePassword`, `sentinel_password`, `AWS_SESSION_TOKEN` within
/// `authMechanismProperties`.
fn is_secret_parameter(key: &str) -> bool {
    let key = percent_decode_str(key).decode_utf8_lossy().to_ascii_lowercase();
    ["pass", "pwd", "secret", "token", "credential", "authmechanismproperties"]
        .iter()
        .any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_wherever_a_url_may_hold_them() {
        for (url, shown) in [
            ("redis://:hunter2@host:6379/0", "redis://:***@host:6379/0"),
            ("redis://hunter2@host/0", "redis://***@host/0"),
            ("rediss://weir:hunter2@host:6380/0?wait=1", "rediss://weir:***@host:6380/0?wait=1"),
            ("redis+cluster://weir:hunter2@h1:7000,h2:7001", "redis+cluster://weir:***@h1:7000,h2:7001"),
            ("redis+sentinel://:hunter2@h1,h2/main/0", "redis+sentinel://:***@h1,h2/main/0"),
            (
                "redis+sentinel://h1,h2/main?sentinel_password=hunter2&wait=1",
                "redis+sentinel://h1,h2/main?sentinel_password=***&wait=1",
            ),
            ("mongodb://u:p@ss:w@h1,h2/db?replicaSet=r", "mongodb://u:***@h1,h2/db?replicaSet=r"),
            ("mongodb+srv://u:hunter2@cluster.example.com/", "mongodb+srv://u:***@cluster.example.com/"),
            (
                "mongodb://h/db?tlsCertificateKeyFilePassword=hunter2&tls=true",
                "mongodb://h/db?tlsCertificateKeyFilePassword=***&tls=true",
            ),
            (
                "mongodb://h/?authMechanismProperties=AWS_SESSION_TOKEN:hunter2;tls=true",
                "mongodb://h/?authMechanismProperties=***;tls=true",
            ),
            ("x://host?password=p&tls=true", "x://host?password=***&tls=true"),
            ("x://host?pass%77ord=hunter2", "x://host?pass%77ord=***"),
            ("x://host?password=hunter2#part", "x://host?password=***"),
            (
                "sqlite:events.db?key_password=hunter2&readers=8",
                "sqlite:events.db?key_password=***&readers=8",
            ),
        ] {
            assert_eq!(masked_url(url), shown);
        }
    }

    #[test]
    fn passwords_are_hidden_in_urls_that_are_wrong() {
        for (url, shown) in [
            ("redis://:hun/ter2@host/0", "redis://:***@host/0"),
            ("redis://:hun#ter2@host/0", "redis://:***@host/0"),
            ("redis://:hun?ter2@host/0", "redis://***"),
            ("redis://:hunter2@host/0?name=me@home", "redis://***"),
            ("redis://:hun ter2@ho st/0", "redis://:***@ho st/0"),
            ("redis:/:hunter2@host", "redis:/:***@host"),
            ("redis:hunter2@host", "redis:***@host"),
            ("user:hunter2@host:6379", "user:***@host:6379"),
            ("my user:hunter2@host:6379", "my user:***@host:6379"),
            ("hunter2@host:6379", "***@host:6379"),
            ("://u:hunter2@host", ":***@host"),
            ("redis://weir:hunter2@h1,weir:hunter2@h2", "redis://weir:***@h2"),
            ("redis://:h\u{fc}nter2@host", "redis://:***@host"),
        ] {
            assert!(!masked_url(url).contains("nter2"), "{url}");
            assert_eq!(masked_url(url), shown);
        }
    }

    #[test]
    fn what_is_no_secret_is_shown_as_it_is() {
        for text in [
            "sqlite:events.db?synchronous=normal",
            "sqlite:/data/me@home:8/events.db?readers=8",
            "memory:?max_bytes=1000",
            "redis://127.0.0.1:6379/0?prefix=shop&wait=1",
            "mongodb://h1:27017,h2:27018/weir?replicaSet=rs0&readPreference=primary",
            "http://127.0.0.1:7766",
            "127.0.0.1:7766",
            "[::1]:7766",
            "",
        ] {
            assert_eq!(masked_url(text), text);
        }
        let settings: Table = "[auth]\ntokens_file = \"me@home:8.toml\"".parse().unwrap();
        assert_eq!(masked(&settings), settings);
    }

    #[test]
    fn hashes_of_tokens_are_hidden() {
        let settings: Table = "[[auth.tokens]]\nname = \"a\"\nsha256 = \"00ff\"".parse().unwrap();
        let shown = masked(&settings).to_string();
        assert!(shown.contains("name = \"a\"") && !shown.contains("00ff"), "{shown}");
    }
}
