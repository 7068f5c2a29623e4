//! What is checked at the start, so that a wrong configuration is told by one sentence and not by the first commit.

use super::address::Address;
use super::config::{Deployment, RedisConfig};
use super::node::Purpose;
use super::request::Request;
use super::server::{Deployed, LEAST_MAJOR, Server, pairs, text};
use super::{Changes, Shared, error, slot};
use eventweir::{Error, ErrorKind, Result};
use redis::{Cmd, Script, Value};
use std::sync::LazyLock;
use tokio::time::Instant;

/// Looks at every server that takes commits.
pub(super) async fn all(shared: &Shared) -> Result<Deployed> {
    let until = Instant::now() + shared.config.timeout;
    let masters =
        tokio::time::timeout_at(until, shared.route.masters(&shared.connector, &shared.nodes)).await;
    let silent = |_| Error::new(ErrorKind::Unavailable, "Redis does not answer in time");
    let mut servers = Vec::new();
    for address in masters.map_err(silent)?? {
        let server = look(shared, &address, until).await?;
        check(&server, &shared.config)?;
        servers.push(server);
    }
    if servers.is_empty() {
        return Err(Error::new(ErrorKind::Unavailable, "no node of the cluster serves any slot"));
    }
    permissions(shared).await?;
    Ok(Deployed(servers))
}

async fn look(shared: &Shared, address: &Address, until: Instant) -> Result<Server> {
    let node = shared.nodes.get(address);
    let connection = node.lane(Purpose::Calls).connection(&shared.connector, address, until).await?;
    let ask = async |command: Cmd| {
        connection.ask(&command, until).await.map_err(|broken| broken.unavailable(address))
    };
    let mut config = redis::cmd("CONFIG");
    config.arg("GET").arg(&["appendfsync", "no-appendfsync-on-rewrite", "maxmemory", "maxmemory-policy"]);
    // An older server takes one name only; it is refused below for its age.
    let configured = pairs(ask(config).await?);
    let info = ask(redis::cmd("INFO")).await?;
    if let Value::ServerError(refused) = &info {
        return Err(match refused.code() {
            "NOAUTH" => error::refused_greeting(refused, address, &shared.config),
            "NOPERM" => refused_permission(address, "INFO"),
            _ => no_redis(address),
        });
    }
    text(&info).and_then(|info| Server::read(address, &info, &configured)).ok_or_else(|| no_redis(address))
}

fn check(server: &Server, config: &RedisConfig) -> Result<()> {
    let refused = |why: String| Err(Error::new(ErrorKind::Config, why));
    let Server { address, product, version, .. } = server;
    if server.mode == "sentinel" {
        let url = config.scheme("+sentinel");
        return refused(format!("what answers at {address} is a Sentinel: use {url}://{address}/NAME"));
    }
    if server.is_too_old() {
        return refused(format!(
            "{product} {version} at {address} is too old: {LEAST_MAJOR}.0 or newer is needed"
        ));
    }
    let cluster = matches!(config.deployment, Deployment::Cluster(_));
    if server.mode == "cluster" && !cluster {
        let url = config.scheme("+cluster");
        return refused(format!("the server at {address} is a node of a cluster: use {url}://{address}"));
    }
    if let Some(master) = &server.replica_of
        && matches!(config.deployment, Deployment::Alone(_))
    {
        let url = config.scheme("+sentinel");
        return refused(format!(
            "the server at {address} is a replica of {master}: name the master, or the Sentinels by {url}://HOST:PORT/NAME"
        ));
    }
    if server.evicts() {
        return refused(format!(
            "{product} at {address} would evict events (maxmemory-policy {}): set maxmemory-policy noeviction",
            server.eviction
        ));
    }
    if config.wait > server.replicas {
        tracing::warn!(
            wait = config.wait,
            replicas = server.replicas,
            server = %address,
            "commits wait for more replicas than there are: they fail until the others are there"
        );
    }
    Ok(())
}

/// Asks the server which of the store's commands this user may not use. Nothing is written.
async fn permissions(shared: &Shared) -> Result<()> {
    let key = format!("{}:{{weir-check}}:key", shared.config.prefix).into_bytes();
    let channel = format!("{}:{{weir-check}}:wake", shared.config.prefix);
    let slot = slot::of(&key);
    let args = [bytes::Bytes::from(channel)];
    let request = Request::script(&PERMISSIONS, &[key], &args);
    let asked = shared.run(Purpose::Commits, Changes::Nothing, &request, Some(&PERMISSIONS), slot).await;
    let missing = match asked {
        Ok(Value::Nil) => return Ok(()),
        Ok(missing) => text(&missing).unwrap_or_default(),
        Err(error) if source_says(&error, "NOPERM") => {
            "EVALSHA, SCRIPT LOAD and all keys of the prefix".to_owned()
        }
        Err(error) => return Err(error),
    };
    let prefix = &shared.config.prefix;
    Err(Error::new(
        ErrorKind::Config,
        format!(
            "this user of Redis may not use {missing}: give it ~{prefix}:* &{prefix}:* and +@all -@admin -@dangerous +info, at least"
        ),
    ))
}

/// Names the commands that are missing, if any are.
static PERMISSIONS: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("permissions.lua")));

fn source_says(error: &Error, word: &str) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.to_string().contains(word))
}

fn refused_permission(address: &Address, command: &str) -> Error {
    Error::new(ErrorKind::Config, format!("Redis at {address} does not let this user call {command}"))
}

fn no_redis(address: &Address) -> Error {
    Error::new(ErrorKind::Config, format!("what answers at {address} is no Redis: it does not answer INFO"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    /// Words of capital letters in quotes: commands, and a few arguments of theirs.
    fn quoted(lua: &str) -> BTreeSet<&str> {
        let is_word = |text: &&str| text.len() > 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        lua.split('\'').skip(1).step_by(2).filter(is_word).collect()
    }

    #[test]
    fn every_command_of_the_scripts_is_asked_for() {
        let asked = quoted(include_str!("permissions.lua"));
        let arguments = BTreeSet::from(["COUNT", "LIMIT", "MINID", "WITHSCORES"]);
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/scripts");
        for file in std::fs::read_dir(scripts).unwrap() {
            let lua = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let code: String =
                lua.lines().filter(|line| !line.starts_with("--")).map(|line| format!("{line}\n")).collect();
            let missing: Vec<_> = quoted(&code)
                .into_iter()
                .filter(|word| !asked.contains(word) && !arguments.contains(word))
                .collect();
            assert!(missing.is_empty(), "{missing:?} are not in permissions.lua");
        }
    }
}
