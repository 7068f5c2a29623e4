//! The few things that tests do with an address.

/// Puts a database into the path of an address. What it names there is the database of the user, and stays that.
pub(super) fn with_database(uri: &str, database: &str) -> String {
    let (base, query) = uri.split_once('?').unwrap_or((uri, ""));
    let hosts_at = base.find("://").map_or(0, |at| at + 3);
    let (hosts, path) = base[hosts_at..].split_once('/').unwrap_or((&base[hosts_at..], ""));
    let mut options: Vec<String> = query.split('&').filter(|o| !o.is_empty()).map(String::from).collect();
    let names_source = options.iter().any(|option| option.to_ascii_lowercase().starts_with("authsource="));
    if hosts.contains('@') && !names_source {
        let source = if path.is_empty() { "admin" } else { path };
        options.push(format!("authSource={source}"));
    }
    let mark = if options.is_empty() { "" } else { "?" };
    format!("{}{hosts}/{database}{mark}{}", &base[..hosts_at], options.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_stays_where_it_was() {
        for (uri, expected) in [
            ("mongodb://h:1", "mongodb://h:1/d"),
            ("mongodb://h:1/", "mongodb://h:1/d"),
            ("mongodb://a,b/old?replicaSet=rs", "mongodb://a,b/d?replicaSet=rs"),
            ("mongodb://u:p@h/?tls=true", "mongodb://u:p@h/d?tls=true&authSource=admin"),
            ("mongodb://u:p@h/users", "mongodb://u:p@h/d?authSource=users"),
            ("mongodb://u:p@h/x?authsource=y", "mongodb://u:p@h/d?authsource=y"),
        ] {
            assert_eq!(with_database(uri, "d"), expected);
        }
    }
}
