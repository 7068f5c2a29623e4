//! A master, its replicas, and the Sentinels that watch them.

use super::options::RedisOptions;
use super::resp::Reply;
use super::server::{Kind, RedisServer};
use super::wait_until;
use std::io;

/// Runs a master, replicas and three Sentinels that put a replica in the place of a master that does not answer for a second.
#[derive(Debug)]
pub struct RedisSentinel {
    servers: Vec<RedisServer>,
    sentinels: Vec<RedisServer>,
}

impl RedisSentinel {
    /// Starts them all, and returns once the replicas follow and the Sentinels know them and each other.
    ///
    /// # Errors
    /// When one cannot be started, or they do not find each other.
    pub async fn start(options: RedisOptions, replicas: usize) -> io::Result<Self> {
        let master = RedisServer::start(options.clone()).await?;
        let mut set = Self { servers: vec![master], sentinels: Vec::new() };
        for _ in 0..replicas {
            let master = format!("127.0.0.1 {}", set.servers[0].port());
            set.servers.push(RedisServer::start(options.clone().with_replica_of(&master)).await?);
        }
        set.wait_replicas(0, replicas).await?;
        for _ in 0..SENTINELS {
            let configuration = set.configuration(&options);
            let kind = || Ok(Kind::Sentinel(configuration.clone()));
            set.sentinels.push(RedisServer::start_as(kind, &RedisOptions::default()).await?);
        }
        set.wait_known(replicas).await?;
        Ok(set)
    }

    fn configuration(&self, options: &RedisOptions) -> String {
        let port = self.servers[0].port();
        let mut lines = vec![
            "bind 127.0.0.1".to_owned(),
            format!("sentinel monitor {NAME} 127.0.0.1 {port} {}", SENTINELS / 2 + 1),
            format!("sentinel down-after-milliseconds {NAME} 1000"),
            format!("sentinel failover-timeout {NAME} 4000"),
            format!("sentinel parallel-syncs {NAME} 1"),
        ];
        if let Some(password) = &options.password {
            lines.push(format!("sentinel auth-pass {NAME} {password}"));
        }
        lines.join("\n") + "\n"
    }

    async fn wait_known(&self, replicas: usize) -> io::Result<()> {
        for sentinel in &self.sentinels {
            wait_until("the Sentinels know the replicas and each other", async || {
                let known = sentinel.ask(&["SENTINEL", "MASTER", NAME]).await?;
                let number = |name| field(&known, name).and_then(|value| value.parse().ok());
                Ok(number("num-slaves") == Some(replicas)
                    && number("num-other-sentinels") == Some(SENTINELS - 1)
                    && field(&known, "flags").as_deref() == Some("master"))
            })
            .await?;
        }
        Ok(())
    }

    /// Waits until a server has this many replicas that follow it.
    ///
    /// # Errors
    /// When it does not come to it.
    pub async fn wait_replicas(&self, server: usize, replicas: usize) -> io::Result<()> {
        wait_until("the replicas follow", async || {
            let info = self.servers[server].ask(&["INFO", "replication"]).await?;
            Ok(info.text().matches("state=online").count() == replicas)
        })
        .await
    }

    /// Returns the URL that the driver takes.
    pub fn url(&self) -> String {
        let hosts: Vec<_> = self.sentinels.iter().map(RedisServer::address).collect();
        format!("redis+sentinel://{}{}/{NAME}", self.servers[0].login(), hosts.join(","))
    }

    /// Returns all servers, in the order they were started: the first one was the master.
    pub fn servers(&mut self) -> &mut [RedisServer] {
        &mut self.servers
    }

    /// Returns the Sentinels.
    pub fn sentinels(&mut self) -> &mut [RedisServer] {
        &mut self.sentinels
    }

    /// Returns which of the servers the Sentinels call master now.
    ///
    /// # Errors
    /// When no Sentinel answers, or names a server that is not of this set.
    pub async fn master(&self) -> io::Result<usize> {
        let mut last = io::Error::other("there is no Sentinel");
        for sentinel in self.sentinels.iter().filter(|sentinel| sentinel.is_up()) {
            match sentinel.ask(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME]).await {
                Ok(address) => {
                    let port = address.items().get(1).and_then(Reply::number);
                    let index = self.servers.iter().position(|server| Some(i64::from(server.port())) == port);
                    return index
                        .ok_or_else(|| io::Error::other(format!("no server of this set: {address:?}")));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Waits until another server than this one is master, and says so itself. Returns which.
    ///
    /// # Errors
    /// When it does not come to it.
    pub async fn wait_master_other_than(&self, old: usize) -> io::Result<usize> {
        let mut new = old;
        wait_until("another server becomes the master", async || {
            new = self.master().await?;
            Ok(new != old && self.servers[new].info("role").await? == "master")
        })
        .await?;
        Ok(new)
    }
}

/// Looks a field of an answer up that lists names and values in turn.
fn field(reply: &Reply, name: &str) -> Option<String> {
    let mut pairs = reply.items().chunks(2);
    pairs.find(|pair| pair[0].text() == name).and_then(|pair| pair.get(1)).map(Reply::text)
}

const NAME: &str = "mymaster";
const SENTINELS: usize = 3;
