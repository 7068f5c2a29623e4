//! The URL's parts. No message repeats anything that may be a password.

use super::refused;
use eventweir::Result;
use mongodb::options::{Acknowledgment, ConnectionString, ReadConcernLevel, ReadPreference};

/// Options of this driver. The others are the client's.
const OWN: [&str; 2] = ["dedup_window", "timeout"];

/// A URL, taken apart as far as is needed to take out the driver's own options.
pub(super) struct Parts<'a> {
    scheme: &'a str,
    /// User, password, hosts and database.
    authority: &'a str,
    /// What is for the client, joined again.
    options: String,
    pub(super) own: Vec<(&'a str, &'a str)>,
}

pub(super) fn split(url: &str) -> Result<Parts<'_>> {
    let scheme = ["mongodb://", "mongodb+srv://"].into_iter().find(|scheme| url.starts_with(scheme));
    let scheme = scheme.ok_or_else(|| refused("it begins with mongodb:// or mongodb+srv://"))?;
    let (authority, query) = url[scheme.len()..].split_once('?').unwrap_or((&url[scheme.len()..], ""));
    if query.contains('@') || url.contains('#') {
        return Err(unreadable());
    }
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !OWN.contains(&key) {
            others.push(pair);
        } else if own.iter().any(|(known, _)| *known == key) {
            return Err(refused(format!("{key} is there twice")));
        } else {
            own.push((key, value));
        }
    }
    Ok(Parts { scheme, authority, options: others.join("&"), own })
}

/// Has the client read it. Its complaints are repeated when they can only be about an option.
pub(super) fn parse(parts: &Parts<'_>) -> Result<ConnectionString> {
    let query = |authority: &str| {
        let mark = if parts.options.is_empty() { "" } else { "?" };
        // Without the slash, options would be read as a part of the host.
        let slash = if authority.contains('/') { "" } else { "/" };
        ConnectionString::parse(format!("{}{authority}{slash}{mark}{}", parts.scheme, parts.options))
    };
    let host = if parts.scheme == "mongodb+srv://" { "a.b.c" } else { "host" };
    if parts.options.to_ascii_lowercase().contains("password") {
        return query(parts.authority).map_err(|_| refused("its options cannot be read"));
    }
    // Some options only make sense beside a user.
    let placeholders = [host.to_owned(), format!("user:password@{host}")];
    if let [Err(error), Err(_)] = placeholders.map(|authority| query(&authority)) {
        return Err(refused(complaint(&error)));
    }
    query(parts.authority).map_err(|_| unreadable())
}

fn complaint(error: &mongodb::error::Error) -> String {
    let message = match &*error.kind {
        mongodb::error::ErrorKind::InvalidArgument { message, .. } => message.clone(),
        other => other.to_string(),
    };
    format!("{message}; {} are options of this driver", OWN.join(" and "))
}

fn unreadable() -> eventweir::Error {
    refused(
        "its hosts, user or password cannot be read: in a user or a password, each of : / ? # [ ] @ % is percent-encoded",
    )
}

/// Refuses what would make an acknowledged commit mean less than a majority that has it in its journal.
pub(super) fn check_promise(connection: &ConnectionString) -> Result<()> {
    if let Some(concern) = &connection.write_concern {
        match &concern.w {
            None | Some(Acknowledgment::Majority) => {}
            Some(other) => {
                let given = match other {
                    Acknowledgment::Nodes(nodes) => nodes.to_string(),
                    Acknowledgment::Custom(tag) => tag.clone(),
                    _ => "that".to_owned(),
                };
                return Err(refused(format!(
                    "w={given} could lose acknowledged events in a failover; this driver always writes with w=majority: leave the option out"
                )));
            }
        }
        if concern.journal == Some(false) {
            return Err(refused(
                "journal=false could lose acknowledged events when power fails; this driver always writes with journal=true: leave the option out",
            ));
        }
        if concern.w_timeout.is_some() {
            return Err(refused("wtimeoutMS is not for this driver: timeout says how long a call may take"));
        }
    }
    if connection.read_concern.as_ref().is_some_and(|concern| concern.level != ReadConcernLevel::Majority) {
        return Err(refused(
            "this driver always reads with readConcernLevel=majority, else events could be seen and then be gone: leave the option out",
        ));
    }
    if connection.read_preference.as_ref().is_some_and(|preference| *preference != ReadPreference::Primary) {
        return Err(refused(
            "this driver always reads from the primary, else readers would go back in time: leave readPreference out",
        ));
    }
    if connection.load_balanced == Some(true) {
        return Err(refused("loadBalanced=true is not supported"));
    }
    #[allow(deprecated, reason = "the client reads the option and then refuses it in its own words")]
    if connection.socket_timeout.is_some() || connection.wait_queue_timeout().is_some() {
        return Err(refused(
            "timeout says how long a call may take, instead of socketTimeoutMS and waitQueueTimeoutMS",
        ));
    }
    Ok(())
}
