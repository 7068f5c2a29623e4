//! How a server is started.

/// Says how a Redis server is started. Unless set otherwise it keeps everything in memory, without a password.
#[derive(Clone, Debug, Default)]
pub struct RedisOptions {
    pub(super) appendfsync: Option<&'static str>,
    pub(super) maxmemory: Option<u64>,
    pub(super) password: Option<String>,
    pub(super) extra: Vec<(String, String)>,
}

impl RedisOptions {
    /// Keeps an append-only file, synced `always`, `everysec` or `no`.
    pub fn with_append_only(mut self, appendfsync: &'static str) -> Self {
        self.appendfsync = Some(appendfsync);
        self
    }

    /// Refuses writes beyond this many bytes.
    pub fn with_max_memory(mut self, bytes: u64) -> Self {
        self.maxmemory = Some(bytes);
        self
    }

    /// Asks every client for this password.
    pub fn with_password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// Follows a master, given as `HOST PORT`.
    pub fn with_replica_of(self, master: &str) -> Self {
        self.with("replicaof", master)
    }

    /// Adds any directive of `redis.conf`.
    pub fn with(mut self, directive: &str, value: impl ToString) -> Self {
        self.extra.push((directive.to_owned(), value.to_string()));
        self
    }

    /// Lists the directives, apart from port and folder.
    pub(super) fn directives(&self) -> Vec<(String, String)> {
        let mut list = vec![
            ("bind".to_owned(), "127.0.0.1".to_owned()),
            ("save".to_owned(), String::new()),
            ("daemonize".to_owned(), "no".to_owned()),
            // A replica is there at once, not after the five seconds that would gather several.
            ("repl-diskless-sync-delay".to_owned(), "0".to_owned()),
            ("repl-ping-replica-period".to_owned(), "1".to_owned()),
        ];
        let mut add = |directive: &str, value: String| list.push((directive.to_owned(), value));
        if let Some(appendfsync) = self.appendfsync {
            add("appendonly", "yes".to_owned());
            add("appendfsync", appendfsync.to_owned());
        }
        if let Some(bytes) = self.maxmemory {
            add("maxmemory", bytes.to_string());
        }
        if let Some(password) = &self.password {
            add("requirepass", password.clone());
            // It may become a replica.
            add("masterauth", password.clone());
        }
        list.extend(self.extra.iter().cloned());
        list
    }
}
