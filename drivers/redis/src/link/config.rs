//! Where Redis is and how it is used.

mod url;

use super::address::Address;
use eventweir::Result;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Says which Redis keeps the streams, and how it is used.
///
/// `Debug` shows no password.
#[derive(Clone)]
#[non_exhaustive]
pub struct RedisConfig {
    /// What every key begins with; `weir` unless set. Several stores share a database by different prefixes.
    pub prefix: String,
    /// How long ids are recognised after their event is gone, and commit ids after their commit; one hour unless set.
    pub dedup_window: Duration,
    /// How many replicas must have a commit before it is acknowledged; none unless set.
    pub wait: u32,
    /// How long to wait for them; one second unless set.
    pub wait_timeout: Duration,
    /// How long a call may take, connecting included; 5 seconds unless set. The time for replicas comes on top.
    pub timeout: Duration,
    /// How long one attempt to connect may take; 2 seconds unless set.
    pub connect_timeout: Duration,
    /// The version of Redis' protocol for commands; [`Protocol::Resp3`] unless set.
    pub protocol: Protocol,
    pub(super) deployment: Deployment,
    pub(super) database: u32,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) tls: Option<Tls>,
}

/// The versions of Redis' protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// For what stands between and does not know the newer one.
    Resp2,
    /// What every Redis that this driver takes knows.
    #[default]
    Resp3,
}

/// Where the keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deployment {
    /// On one server.
    Alone(Address),
    /// On the server that Sentinels name.
    Sentinel { sentinels: Vec<Address>, name: String },
    /// On the nodes of a cluster, which any of these lists.
    Cluster(Vec<Address>),
}

/// How servers are trusted when connections are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tls {
    /// A file of certificates; the well-known authorities without.
    pub(super) authorities: Option<PathBuf>,
}

impl RedisConfig {
    /// Reads one of
    ///
    /// * `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, one server;
    /// * `redis+sentinel://[USER:PASSWORD@]HOST[:PORT],.../NAME[/DATABASE]`, the server that these Sentinels call `NAME`;
    /// * `redis+cluster://[USER:PASSWORD@]HOST[:PORT],...`, a cluster, of which these nodes are asked first;
    ///
    /// with `rediss` in the place of `redis` for TLS, and after it any of `?prefix=weir`, `dedup_window=1h`, `wait=N`,
    /// `wait_timeout=1s`, `timeout=5s`, `connect_timeout=2s`, `protocol=resp2|resp3`, `tls_ca=FILE`.
    ///
    /// User and password belong to Redis; Sentinels are given them only when they ask. What is not plain in a URL is
    /// percent-encoded. A duration is a number with `ms`, `s`, `m`, `h` or `d` behind it, seconds without.
    ///
    /// # Errors
    /// [`Config`](eventweir::ErrorKind::Config) when it is anything else; unknown parameters too. The error names no secret.
    pub fn from_url(url: &str) -> Result<Self> {
        url::parse(url)
    }

    fn at(deployment: Deployment) -> Self {
        Self {
            prefix: "weir".to_owned(),
            dedup_window: Duration::from_secs(3600),
            wait: 0,
            wait_timeout: Duration::from_secs(1),
            timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            protocol: Protocol::Resp3,
            deployment,
            database: 0,
            user: None,
            password: None,
            tls: None,
        }
    }

    /// Returns the scheme that names this kind of deployment.
    pub(super) fn scheme(&self, kind: &str) -> String {
        format!("redis{}{kind}", if self.tls.is_some() { "s" } else { "" })
    }
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("deployment", &self.deployment)
            .field("database", &self.database)
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| "***"))
            .field("tls", &self.tls)
            .field("prefix", &self.prefix)
            .field("dedup_window", &self.dedup_window)
            .field("wait", &self.wait)
            .field("wait_timeout", &self.wait_timeout)
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("protocol", &self.protocol)
            .finish()
    }
}
