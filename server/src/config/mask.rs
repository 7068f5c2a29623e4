//! Settings as they may be shown.

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
        Value::String(text) => Value::String(masked_url(text)),
        Value::Array(items) => Value::Array(items.iter().map(|item| masked_value(key, item)).collect()),
        Value::Table(table) => Value::Table(masked(table)),
        other => other.clone(),
    }
}

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["sha256", "password", "secret", "token", "passphrase"].contains(&key.as_str())
}

/// Hides the password of a URL and the values of secret parameters; other text is returned as it is.
pub fn masked_url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once(':') else { return text.to_owned() };
    let (body, query) = match rest.split_once('?') {
        Some((body, query)) => (body, Some(query)),
        None => (rest, None),
    };
    let body = match body.strip_prefix("//").and_then(|authority| authority.rsplit_once('@')) {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("//{name}:{HIDDEN}@{host}"),
            None => format!("//{HIDDEN}@{host}"),
        },
        None => body.to_owned(),
    };
    match query {
        Some(query) => format!("{scheme}:{body}?{}", masked_query(query)),
        None => format!("{scheme}:{body}"),
    }
}

fn masked_query(query: &str) -> String {
    let hide = |pair: &str| match pair.split_once('=') {
        Some((key, _)) if is_secret(key) => format!("{key}={HIDDEN}"),
        _ => pair.to_owned(),
    };
    query.split('&').map(hide).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_wherever_a_url_may_hold_them() {
        for (url, shown) in [
            ("sqlite:events.db?synchronous=normal", "sqlite:events.db?synchronous=normal"),
            ("redis://:hunter2@host:6379/0", "redis://:***@host:6379/0"),
            ("redis://hunter2@host/0", "redis://***@host/0"),
            ("mongodb://u:p@ss:w@h1,h2/db?replicaSet=r", "mongodb://u:***@h1,h2/db?replicaSet=r"),
            ("x://host?password=p&tls=true", "x://host?password=***&tls=true"),
            ("127.0.0.1:7766", "127.0.0.1:7766"),
        ] {
            assert_eq!(masked_url(url), shown);
        }
    }

    #[test]
    fn hashes_of_tokens_are_hidden() {
        let settings: Table = "[[auth.tokens]]\nname = \"a\"\nsha256 = \"00ff\"".parse().unwrap();
        let shown = masked(&settings).to_string();
        assert!(shown.contains("name = \"a\"") && !shown.contains("00ff"), "{shown}");
    }
}
