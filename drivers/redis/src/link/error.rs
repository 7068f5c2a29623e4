//! From Redis' refusals to what to do about them, in one place.

use super::address::Address;
use super::config::RedisConfig;
use eventweir::{Effect, Error, ErrorKind};
use redis::ServerError;

/// What follows from a refusal.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Another node serves the slot.
    Moved(Address),
    /// Another node has this key already, while the slot moves there.
    Ask(Address),
    /// Nothing was done, and it may be possible soon. The error tells of it when there is no more time.
    NotNow(Error),
    /// The same, and another server may have become the one to ask.
    NotHere(Error),
    /// The server does not know the script.
    NoScript,
    /// It makes no sense to try again at once.
    Final(Error),
}

/// Says what to do about a refusal of a script or a read. `from` is who refused.
pub(super) fn refusal(refused: &ServerError, from: &Address) -> Refusal {
    let (code, details) = (refused.code(), refused.details().unwrap_or_default());
    let told =
        |kind, message: &'static str| Error::new(kind, message).with_source(format!("{code} {details}"));
    let unavailable = |message| told(ErrorKind::Unavailable, message);
    match code {
        "MOVED" => redirected(details, from).map_or_else(
            || Refusal::NotHere(unavailable("the cluster does not say who serves the slot")),
            Refusal::Moved,
        ),
        "ASK" => redirected(details, from).map_or_else(
            || Refusal::NotNow(unavailable("the cluster does not say where the slot moves")),
            Refusal::Ask,
        ),
        "NOSCRIPT" => Refusal::NoScript,
        "TRYAGAIN" => Refusal::NotNow(unavailable("the slot is on its way to another node")),
        "CLUSTERDOWN" => Refusal::NotHere(unavailable("the cluster does not serve the slot now")),
        "READONLY" => Refusal::NotHere(unavailable("the server is a replica now")),
        "MASTERDOWN" => Refusal::NotHere(unavailable("the replica has lost its master")),
        "LOADING" => Refusal::NotNow(unavailable("Redis is loading its data")),
        "BUSY" => Refusal::NotNow(unavailable("Redis is busy with another program's script")),
        "OOM" => Refusal::Final(told(ErrorKind::StorageFull, "Redis has no memory left (maxmemory)")),
        "MISCONF" if details.contains("No space left") => {
            Refusal::Final(told(ErrorKind::StorageFull, "the disk of Redis is full"))
        }
        "MISCONF" => Refusal::Final(unavailable("Redis cannot write to its disk")),
        "NOREPLICAS" => Refusal::Final(unavailable("Redis has too few replicas to take a write")),
        "NOAUTH" | "WRONGPASS" | "NOPERM" => {
            Refusal::Final(unavailable("Redis does not let this user do what the store needs"))
        }
        "WRONGTYPE" => {
            let message = "a key of another type stands where the stream's keys should be";
            Refusal::Final(told(ErrorKind::Corrupt, message))
        }
        "CROSSSLOT" => Refusal::Final(told(ErrorKind::Internal, "the keys of a call are not of one slot")),
        "ERR" if details.contains("non local key") => {
            Refusal::NotNow(unavailable("the slot is on its way to another node"))
        }
        // What a script ran into by itself; how far it got is not known.
        _ => {
            Refusal::Final(told(ErrorKind::Internal, "Redis refused a command").with_effect(Effect::Unknown))
        }
    }
}

/// Reads `SLOT HOST:PORT`. A node that does not know its own name leaves the host out.
fn redirected(details: &str, from: &Address) -> Option<Address> {
    let target = details.split_ascii_whitespace().nth(1)?;
    match target.strip_prefix(':') {
        Some(port) => Address::new(&from.host, port.parse().ok()?),
        None => Address::parse(target, None),
    }
}

/// Says what the operator should do when a server does not let a connection in.
pub(super) fn refused_greeting(refused: &ServerError, address: &Address, config: &RedisConfig) -> Error {
    let (code, details) = (refused.code(), refused.details().unwrap_or_default());
    let (kind, message) = match code {
        "WRONGPASS" => match &config.user {
            Some(user) => {
                (ErrorKind::Config, format!("Redis at {address} refuses the user {user:?} or the password"))
            }
            None => (ErrorKind::Config, format!("Redis at {address} refuses the password")),
        },
        "NOAUTH" => (
            ErrorKind::Config,
            format!(
                "Redis at {address} asks for a password: redis://USER:PASSWORD@HOST or redis://:PASSWORD@HOST"
            ),
        ),
        "ERR" if details.contains("without any password configured") => (
            ErrorKind::Config,
            format!("Redis at {address} has no password configured, and the URL gives one"),
        ),
        "ERR" if details.contains("DB index") || details.contains("not allowed in cluster mode") => {
            (ErrorKind::Config, format!("Redis at {address} has no database {}", config.database))
        }
        "NOPERM" => (ErrorKind::Config, format!("Redis at {address} does not let this user in: {details}")),
        "NOPROTO" => {
            (ErrorKind::Config, format!("what answers at {address} knows no RESP3: set protocol=resp2"))
        }
        "ERR" if details.contains("unknown command") => (
            ErrorKind::Config,
            format!("what answers at {address} is no Redis 7.0 or newer, or needs protocol=resp2"),
        ),
        "LOADING" => (ErrorKind::Unavailable, format!("Redis at {address} is loading its data")),
        "ERR" if details.contains("max number of clients") => {
            (ErrorKind::Unavailable, format!("Redis at {address} takes no more connections"))
        }
        _ => (ErrorKind::Unavailable, format!("Redis at {address} does not let a connection in")),
    };
    // The details of other refusals could repeat what was sent.
    Error::new(kind, message).with_source(code.to_owned())
}

/// While serving, what only the operator can mend is told to callers as a store that is not there: they cannot mend it.
pub(super) fn while_serving(error: Error) -> Error {
    if error.kind() != ErrorKind::Config {
        return error;
    }
    Error::new(ErrorKind::Unavailable, "Redis does not let this process in now").with_source(error)
}

/// The store was closed, or is closing.
pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the Redis store is closed")
}
