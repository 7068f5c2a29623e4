//! What the servers say of themselves, and what follows from it.

use super::address::Address;
use super::config::{Deployment, RedisConfig};
use eventweir::{Dedup, Durability, Promises, WakeupReach, Writers};
use redis::Value;

/// One server that takes commits.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) address: Address,
    pub(super) product: &'static str,
    pub(super) version: String,
    /// `standalone`, `cluster` or `sentinel`.
    pub(super) mode: String,
    /// The master, when this is a replica.
    pub(super) replica_of: Option<String>,
    pub(super) replicas: u32,
    /// Zero when there is no limit.
    pub(super) max_memory: u64,
    pub(super) eviction: String,
    pub(super) append_only: bool,
    /// `always`, `everysec` or `no`; none when the server does not tell this user.
    pub(super) fsync: Option<String>,
    /// Whether a rewrite of the file puts the syncs off.
    pub(super) unsynced_rewrites: bool,
}

impl Server {
    /// Reads `INFO`, and `CONFIG GET` as far as it was answered. None when it is no `INFO` of Redis.
    pub(super) fn read(address: &Address, info: &str, configured: &[(String, String)]) -> Option<Self> {
        let line = |name: &str| {
            let mut lines = info.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(key, _)| *key == name).map(|(_, value)| value.trim().to_owned())
        };
        let set = |name: &str| configured.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let number =
            |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
        let valkey = line("valkey_version");
        Some(Self {
            address: address.clone(),
            product: if valkey.is_some() { "Valkey" } else { "Redis" },
            version: match valkey {
                Some(version) => version,
                None => line("redis_version")?,
            },
            mode: line("redis_mode")
                .or_else(|| line("server_mode"))
                .unwrap_or_else(|| "standalone".to_owned()),
            replica_of: (line("role").as_deref() == Some("slave")).then(|| {
                format!(
                    "{}:{}",
                    line("master_host").unwrap_or_default(),
                    line("master_port").unwrap_or_default()
                )
            }),
            replicas: number(line("connected_slaves")).try_into().unwrap_or(u32::MAX),
            max_memory: number(set("maxmemory").or_else(|| line("maxmemory"))),
            eviction: set("maxmemory-policy").or_else(|| line("maxmemory_policy")).unwrap_or_default(),
            append_only: line("aof_enabled").as_deref() == Some("1"),
            fsync: set("appendfsync"),
            unsynced_rewrites: set("no-appendfsync-on-rewrite").as_deref() == Some("yes"),
        })
    }

    /// Whether the server would remove events by itself. Keys without an end, as all of ours, are safe from `volatile`.
    pub(super) fn evicts(&self) -> bool {
        self.max_memory > 0 && self.eviction.starts_with("allkeys")
    }

    /// The first number of the version that decides what a server can do. Valkey counts on from 7.2.
    pub(super) fn is_too_old(&self) -> bool {
        let major = self.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        major.is_some_and(|major| major < LEAST_MAJOR)
    }

    /// Whether a commit is on the disk when it is acknowledged.
    fn syncs(&self) -> bool {
        self.append_only && self.fsync.as_deref() == Some("always") && !self.unsynced_rewrites
    }
}

pub(super) const LEAST_MAJOR: u32 = 7;

/// All servers that take commits, as they were at the start.
#[derive(Clone, Debug)]
pub(super) struct Deployed(pub(super) Vec<Server>);

impl Deployed {
    fn durability(&self, config: &RedisConfig) -> Durability {
        let each = self.0.iter().map(|server| {
            if !server.append_only {
                Durability::Volatile
            } else if !server.syncs() {
                Durability::Process
            } else if config.wait == 0 {
                Durability::Disk
            } else {
                Durability::Replicated
            }
        });
        each.min().unwrap_or(Durability::Volatile)
    }

    pub(super) fn promises(&self, config: &RedisConfig) -> Promises {
        Promises::new(self.durability(config), Dedup::Window(config.dedup_window))
            .with_wakeup(WakeupReach::Everywhere)
            .with_writers(Writers::Many)
    }

    pub(super) fn describe(&self, config: &RedisConfig) -> String {
        let Some(server) = self.0.first() else { return "Redis".to_owned() };
        let place = match &config.deployment {
            Deployment::Alone(address) => format!("at {address}, alone"),
            Deployment::Sentinel { name, sentinels } => {
                format!("at {}, master {name:?} of {} Sentinels", server.address, sentinels.len())
            }
            Deployment::Cluster(_) => format!("cluster of {} masters", self.0.len()),
        };
        // Of several, the weakest decides.
        let weakest =
            self.0.iter().min_by_key(|server| (server.append_only, server.syncs())).unwrap_or(server);
        let file = match (weakest.append_only, &weakest.fsync) {
            (false, _) => "appendonly no".to_owned(),
            (true, Some(fsync)) => format!("appendonly yes, appendfsync {fsync}"),
            (true, None) => "appendonly yes, appendfsync not told".to_owned(),
        };
        let replicas = match self.0.iter().map(|server| server.replicas).min().unwrap_or_default() {
            1 => "1 replica".to_owned(),
            replicas => format!("{replicas} replicas"),
        };
        let each = if self.0.len() > 1 { " each" } else { "" };
        let wait = if config.wait > 0 { format!(", WAIT {}", config.wait) } else { String::new() };
        format!("{} {} {place}; {file}; {replicas}{each}{wait}", server.product, server.version)
    }

    pub(super) fn falls_short(&self, config: &RedisConfig, required: Durability) -> Option<String> {
        if self.durability(config) >= required {
            return None;
        }
        let mut changes = Vec::new();
        if self.0.iter().any(|server| !server.append_only) {
            changes.push("set `appendonly yes` (CONFIG SET, and redis.conf)");
        }
        if required >= Durability::Disk
            && self.0.iter().any(|server| server.fsync.as_deref() != Some("always"))
        {
            changes.push("set `appendfsync always` (CONFIG SET, and redis.conf), and let this user read it by CONFIG GET");
        }
        if required >= Durability::Disk && self.0.iter().any(|server| server.unsynced_rewrites) {
            changes.push("set `no-appendfsync-on-rewrite no`");
        }
        if required >= Durability::Replicated && config.wait == 0 {
            changes.push("have a replica and `wait=1` in the URL");
        }
        Some(changes.join(", "))
    }
}

/// Returns an answer's text.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text.clone()),
        _ => None,
    }
}

/// Returns an answer of names and values, of either protocol.
pub(super) fn pairs(value: Value) -> Vec<(String, String)> {
    let pairs: Vec<(Value, Value)> = match value {
        Value::Map(pairs) => pairs,
        Value::Array(flat) => {
            let mut flat = flat.into_iter();
            std::iter::from_fn(|| Some((flat.next()?, flat.next()?))).collect()
        }
        _ => Vec::new(),
    };
    pairs.iter().filter_map(|(key, value)| Some((text(key)?, text(value)?))).collect()
}
