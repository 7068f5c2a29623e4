//! Storage URLs of Redis.

use super::{Deployment, Protocol, RedisConfig, Tls};
use crate::link::address::Address;
use eventweir::{Error, ErrorKind, Result};
use percent_encoding::percent_decode_str;
use std::path::PathBuf;
use std::time::Duration;

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26_379;
/// Redis has 16 databases unless configured otherwise; a number beyond this is a slip.
const MOST_DATABASES: u32 = 1_000_000;
const MOST_WAIT: u32 = 1000;

pub(super) fn parse(url: &str) -> Result<RedisConfig> {
    let (scheme, rest) = url.split_once("://").ok_or_else(scheme_refused)?;
    let (kind, tls) = match scheme.strip_prefix("redis") {
        Some(rest) => match rest.strip_prefix('s') {
            Some(kind) => (kind, true),
            None => (rest, false),
        },
        None => return Err(scheme_refused()),
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    if query.contains('@') {
        return Err(refused("a ? or @ in a password is written percent-encoded, as %3F or %40".to_owned()));
    }
    // A password may hold what is not encoded; only the last @ ends it.
    let (login, rest) = rest.rsplit_once('@').map_or((None, rest), |(login, rest)| (Some(login), rest));
    let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut config = match kind {
        "" => alone(hosts, path)?,
        "+sentinel" => sentinel(hosts, path)?,
        "+cluster" => cluster(hosts, path)?,
        _ => return Err(scheme_refused()),
    };
    config.tls = tls.then_some(Tls { authorities: None });
    if let Some(login) = login {
        set_login(&mut config, login)?;
    }
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .try_fold(config, |config, (key, value)| set(config, &decode(key)?, &decode(value)?))
}

fn alone(hosts: &str, path: &str) -> Result<RedisConfig> {
    let addresses = addresses(hosts, PORT)?;
    let [address] = &addresses[..] else {
        return Err(refused(
            "redis:// names one server; several are redis+cluster:// or redis+sentinel://".to_owned(),
        ));
    };
    let mut config = RedisConfig::at(Deployment::Alone(address.clone()));
    config.database = database(path)?;
    Ok(config)
}

fn sentinel(hosts: &str, path: &str) -> Result<RedisConfig> {
    let (name, path) = path.split_once('/').unwrap_or((path, ""));
    if name.is_empty() {
        return Err(refused(
            "redis+sentinel:// names the master, as in redis+sentinel://HOST:PORT/mymaster".to_owned(),
        ));
    }
    let deployment =
        Deployment::Sentinel { sentinels: addresses(hosts, SENTINEL_PORT)?, name: decode(name)? };
    let mut config = RedisConfig::at(deployment);
    config.database = database(path)?;
    Ok(config)
}

fn cluster(hosts: &str, path: &str) -> Result<RedisConfig> {
    if database(path)? != 0 {
        return Err(refused("a cluster has database 0 only".to_owned()));
    }
    Ok(RedisConfig::at(Deployment::Cluster(addresses(hosts, PORT)?)))
}

fn addresses(hosts: &str, port: u16) -> Result<Vec<Address>> {
    hosts
        .split(',')
        .map(|host| {
            Address::parse(host, Some(port))
                .ok_or_else(|| refused(format!("it names servers as HOST or HOST:PORT, not {host:?}")))
        })
        .collect()
}

fn database(path: &str) -> Result<u32> {
    if path.is_empty() {
        return Ok(0);
    }
    let number = path.parse().ok().filter(|number| *number < MOST_DATABASES);
    number.ok_or_else(|| refused(format!("a database is a number, as in redis://HOST:PORT/0, not {path:?}")))
}

fn set_login(config: &mut RedisConfig, login: &str) -> Result<()> {
    // What stands before an @ is never repeated: it may be a password.
    let (user, password) = login.split_once(':').ok_or_else(|| {
        refused("user and password are written USER:PASSWORD@, a password alone :PASSWORD@".to_owned())
    })?;
    let (user, password) = (decode(user)?, decode(password)?);
    if password.is_empty() {
        return Err(refused("the password is empty".to_owned()));
    }
    config.user = (!user.is_empty()).then_some(user);
    config.password = Some(password);
    Ok(())
}

fn set(mut config: RedisConfig, key: &str, value: &str) -> Result<RedisConfig> {
    match key {
        "prefix" => config.prefix = prefix(value)?,
        "dedup_window" => config.dedup_window = duration(key, value)?,
        "wait" => {
            config.wait = value
                .parse()
                .ok()
                .filter(|replicas| *replicas <= MOST_WAIT)
                .ok_or_else(|| refused(format!("wait is a number of replicas, not {value:?}")))?;
        }
        "wait_timeout" => config.wait_timeout = waiting(key, value)?,
        "timeout" => config.timeout = waiting(key, value)?,
        "connect_timeout" => config.connect_timeout = waiting(key, value)?,
        "protocol" => {
            config.protocol = match value {
                "resp2" => Protocol::Resp2,
                "resp3" => Protocol::Resp3,
                _ => return Err(refused(format!("protocol is resp2 or resp3, not {value:?}"))),
            }
        }
        "tls_ca" => match &mut config.tls {
            Some(tls) if !value.is_empty() => tls.authorities = Some(PathBuf::from(value)),
            Some(_) => return Err(refused("tls_ca names a file".to_owned())),
            None => return Err(refused("tls_ca is for rediss://".to_owned())),
        },
        _ => return Err(refused(format!("{key:?} is not known; known are {KNOWN}"))),
    }
    Ok(config)
}

const KNOWN: &str = "prefix, dedup_window, wait, wait_timeout, timeout, connect_timeout, protocol, tls_ca";

/// Braces would make a hash tag of their own.
fn prefix(value: &str) -> Result<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    if value.is_empty() || value.len() > 64 || !value.chars().all(plain) {
        return Err(refused(format!("prefix is up to 64 letters, digits and any of - _ . :, not {value:?}")));
    }
    Ok(value.to_owned())
}

fn duration(key: &str, value: &str) -> Result<Duration> {
    eventweir::duration::parse(value)
        .ok_or_else(|| refused(format!("{key} is a duration such as 90s or 1h, not {value:?}")))
}

/// A time that a caller waits: neither nothing nor for ever.
fn waiting(key: &str, value: &str) -> Result<Duration> {
    let (least, most) = (Duration::from_millis(1), Duration::from_secs(3600));
    let time = duration(key, value)?;
    if time < least || time > most {
        return Err(refused(format!("{key} is between 1ms and 1h, not {value:?}")));
    }
    Ok(time)
}

fn decode(text: &str) -> Result<String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| refused("its percent-encoding is not UTF-8".to_owned()))
}

fn scheme_refused() -> Error {
    refused("it begins with redis://, redis+sentinel:// or redis+cluster://, with rediss for TLS".to_owned())
}

fn refused(why: String) -> Error {
    Error::new(ErrorKind::Config, format!("the storage URL is refused: {why}"))
}

#[cfg(test)]
mod tests;
