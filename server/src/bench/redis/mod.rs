//! Redis under test: started for one load, or found at a URL.

mod bare;
mod scripts;

pub(super) use bare::{Batches, OneByOne, Relay};

use super::machine::OrFail;
use super::outside::{self, Outside};
use super::runner::Context;
use crate::failure::{Failure, Result};
use eventweir::{Storage, StreamName, catalog};
use eventweir_redis::{RedisConfig, RedisStorage};
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

const PROGRAM: &str = "redis-server";
/// A Redis that answers nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Says when Redis writes to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sync {
    /// Never.
    Never,
    /// Before it answers.
    Always,
    /// As the server at the URL is configured.
    AsConfigured,
}

/// Holds a Redis, and a name that nobody else uses there.
#[derive(Debug)]
pub(super) struct Redis {
    server: Option<Outside>,
    url: String,
    name: String,
}

impl Sync {
    /// Lists what is measured: at a URL, what is there.
    pub(super) fn all(url: Option<&String>) -> Vec<Self> {
        if url.is_some() { vec![Self::AsConfigured] } else { vec![Self::Never, Self::Always] }
    }

    /// Ends the names of figures.
    pub(super) fn suffix(self) -> &'static str {
        if self == Self::Always { "-always" } else { "" }
    }

    /// Says it as Redis' configuration does.
    pub(super) fn shown(self) -> &'static str {
        match self {
            Self::Never => "no",
            Self::Always => "yes,appendfsync=always",
            Self::AsConfigured => "as-configured",
        }
    }
}

/// Says what is missing for these scenarios.
pub(super) fn lacks(url: Option<&String>) -> Option<&'static str> {
    let found = url.is_some() || outside::find(PROGRAM).is_some();
    (!found).then_some("there is no redis-server on the path: install it, or name a Redis by --redis")
}

impl Redis {
    /// Starts a server, unless there is a URL.
    pub(super) fn open(context: &Context, url: Option<&String>, sync: Sync) -> Result<Self> {
        let name = format!("weir-bench-{}", Uuid::new_v4().simple());
        if let Some(url) = url {
            return Ok(Self { server: None, url: url.clone(), name });
        }
        let program = outside::find(PROGRAM).ok_or_else(|| Failure::failed("there is no redis-server"))?;
        let arguments = |port: u16, folder: &Path| arguments(port, folder, sync);
        let server = Outside::start(context, &program, arguments, answers)?;
        let url = format!("redis://{}", server.address());
        Ok(Self { server: Some(server), url, name })
    }

    /// Opens a store of the driver in it.
    pub(super) async fn storage(&self) -> Result<RedisStorage> {
        let mark = if self.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{mark}prefix={}", self.url, self.name);
        Ok(RedisStorage::open(RedisConfig::from_url(&url)?).await?)
    }

    /// Connects as a bare client does.
    pub(super) async fn connect(&self) -> Result<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
        let connected = self.client()?.get_multiplexed_async_connection_with_config(&config).await;
        connected.or_fail("Redis cannot be connected to")
    }

    pub(super) fn client(&self) -> Result<redis::Client> {
        // What stands behind the question mark is for our driver.
        let url = self.url.split('?').next().unwrap_or_default();
        redis::Client::open(url).or_fail("the URL of Redis cannot be used")
    }

    /// Names a key of the bare designs. All are in one slot, as the streams of the driver are.
    pub(super) fn key(&self, part: &str) -> String {
        format!("{{{}}}{part}", self.name)
    }

    /// Returns the process of the server, if it is known.
    pub(super) fn process(&self) -> Option<u32> {
        self.server.as_ref().map(Outside::process)
    }

    /// Removes what was written, where the server stays. The ids of the bare designs go by themselves.
    pub(super) async fn tidy(&self) -> Result<()> {
        if self.server.is_some() {
            return Ok(());
        }
        let storage = self.storage().await?;
        catalog::required(&storage)?.delete_stream(&StreamName::main()).await?;
        storage.close().await?;
        let mut connection = self.connect().await?;
        let mut unlink = redis::cmd("UNLINK");
        unlink.arg(self.key("log")).arg(self.key("last"));
        unlink.exec_async(&mut connection).await.or_fail("Redis cannot be tidied")
    }
}

fn arguments(port: u16, folder: &Path, sync: Sync) -> Vec<OsString> {
    let port = port.to_string();
    let append = if sync == Sync::Always { "yes" } else { "no" };
    let settings = [
        ["--port", &port],
        ["--bind", "127.0.0.1"],
        ["--save", ""],
        ["--appendonly", append],
        ["--appendfsync", "always"],
        // A rewrite in the middle of one load would be a slow minute that the other does not have.
        ["--auto-aof-rewrite-percentage", "0"],
    ];
    let settings = settings.into_iter().flatten().map(OsString::from);
    settings.chain(["--dir".into(), folder.into()]).collect()
}

fn answers(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)?;
        Ok(&answer == b"+PONG")
    };
    ask().unwrap_or(false)
}
