//! A cluster of masters, each with a replica.

use super::options::RedisOptions;
use super::resp::Reply;
use super::server::{Kind, RedisServer};
use super::{ports, wait_until};
use std::io;

/// Runs three masters and a replica of each, as one cluster. Nodes 0 to 2 begin as masters, 3 to 5 as their replicas.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
    ids: Vec<String>,
}

impl RedisCluster {
    /// Starts the nodes and joins them. Returns once every node says that the cluster is whole.
    ///
    /// # Errors
    /// When one cannot be started, or they do not find each other.
    pub async fn start(options: RedisOptions) -> io::Result<Self> {
        let options = options
            .with("cluster-node-timeout", 2000)
            .with("cluster-replica-validity-factor", 0)
            .with("cluster-config-file", "nodes.conf");
        let mut cluster = Self { nodes: Vec::new(), ids: Vec::new() };
        for _ in 0..MASTERS * 2 {
            let kind = || Ok(Kind::ClusterNode { bus: ports::free()? });
            let node = RedisServer::start_as(kind, &options).await?;
            cluster.ids.push(node.ask(&["CLUSTER", "MYID"]).await?.text());
            cluster.nodes.push(node);
        }
        cluster.join().await?;
        Ok(cluster)
    }

    async fn join(&self) -> io::Result<()> {
        for (index, node) in self.nodes.iter().enumerate() {
            node.ask(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]).await?;
            if index < MASTERS {
                let (first, last) = (SLOTS * index / MASTERS, SLOTS * (index + 1) / MASTERS - 1);
                let range = [first.to_string(), last.to_string()];
                node.ask(&["CLUSTER", "ADDSLOTSRANGE", &range[0], &range[1]]).await?;
            }
        }
        let first = &self.nodes[0];
        for node in &self.nodes[1..] {
            let (port, bus) = (node.port().to_string(), node.bus().to_string());
            first.ask(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await?;
        }
        for node in &self.nodes {
            wait_until("the nodes know each other", async || {
                Ok(node.ask(&["CLUSTER", "NODES"]).await?.text().lines().count() == self.nodes.len()
                    && !node.ask(&["CLUSTER", "NODES"]).await?.text().contains("handshake"))
            })
            .await?;
        }
        for (index, replica) in self.nodes[MASTERS..].iter().enumerate() {
            wait_until("a replica is told its master", async || {
                replica.ask(&["CLUSTER", "REPLICATE", &self.ids[index]]).await.map(|_| true)
            })
            .await?;
        }
        self.wait_whole().await
    }

    /// Waits until every node that is up says that all slots are served, and has the slots of all masters; and until
    /// every replica that is up follows.
    ///
    /// # Errors
    /// When it does not come to it.
    pub async fn wait_whole(&self) -> io::Result<()> {
        for node in self.nodes.iter().filter(|node| node.is_up()) {
            wait_until("the cluster is whole", async || {
                let info = node.ask(&["CLUSTER", "INFO"]).await?;
                let whole = info.info("cluster_state").as_deref() == Some("ok")
                    && info.info("cluster_slots_ok") == Some(SLOTS.to_string());
                let replication = node.ask(&["INFO", "replication"]).await?;
                let follows = replication.info("role").as_deref() == Some("master")
                    || replication.info("master_link_status").as_deref() == Some("up");
                Ok(whole && follows)
            })
            .await?;
        }
        Ok(())
    }

    /// Returns the URL that the driver takes, with the first three nodes.
    pub fn url(&self) -> String {
        let hosts: Vec<_> = self.nodes[..MASTERS].iter().map(RedisServer::address).collect();
        format!("redis+cluster://{}{}", self.nodes[0].login(), hosts.join(","))
    }

    /// Returns the nodes.
    pub fn nodes(&mut self) -> &mut [RedisServer] {
        &mut self.nodes
    }

    /// Returns the slot of a key.
    ///
    /// # Errors
    /// When the first node that is up does not answer.
    pub async fn slot_of(&self, key: &str) -> io::Result<u16> {
        let slot = self.any()?.ask(&["CLUSTER", "KEYSLOT", key]).await?;
        slot.number().and_then(|slot| slot.try_into().ok()).ok_or_else(|| io::Error::other("no slot"))
    }

    /// Returns which node serves a slot, as the first node that is up sees it.
    ///
    /// # Errors
    /// When none answers, or none serves it.
    pub async fn master_of(&self, slot: u16) -> io::Result<usize> {
        self.seen_by(self.any()?, slot).await
    }

    async fn seen_by(&self, node: &RedisServer, slot: u16) -> io::Result<usize> {
        let ranges = node.ask(&["CLUSTER", "SLOTS"]).await?;
        let within = |range: &&Reply| {
            let edge = |index: usize| range.items().get(index).and_then(Reply::number);
            edge(0) <= Some(slot.into()) && edge(1) >= Some(slot.into())
        };
        let id = ranges.items().iter().find(within).and_then(|range| range.items().get(2)?.items().get(2));
        let id = id.map(Reply::text).ok_or_else(|| io::Error::other("nobody serves the slot"))?;
        self.ids
            .iter()
            .position(|known| *known == id)
            .ok_or_else(|| io::Error::other("an unknown node serves it"))
    }

    fn any(&self) -> io::Result<&RedisServer> {
        let up = self.nodes.iter().find(|node| node.is_up());
        up.ok_or_else(|| io::Error::other("no node is up"))
    }

    /// Waits until another node than this one serves a slot, as all nodes that are up see it. Returns which.
    ///
    /// # Errors
    /// When it does not come to it.
    pub async fn wait_other_master(&self, slot: u16, old: usize) -> io::Result<usize> {
        let mut new = old;
        for node in self.nodes.iter().filter(|node| node.is_up()) {
            wait_until("another node serves the slot", async || {
                new = self.seen_by(node, slot).await?;
                Ok(new != old)
            })
            .await?;
        }
        Ok(new)
    }

    /// Moves a slot with its keys to another node while both are in use, a few keys at a time, as an operator does.
    /// `between` runs after each step, for tests that want to do something in the middle.
    ///
    /// # Errors
    /// When a node refuses a step.
    pub async fn move_slot(&self, slot: u16, to: usize, mut between: impl AsyncFnMut()) -> io::Result<()> {
        let from = self.master_of(slot).await?;
        let number = slot.to_string();
        let (source, target) = (&self.nodes[from], &self.nodes[to]);
        target.ask(&["CLUSTER", "SETSLOT", &number, "IMPORTING", &self.ids[from]]).await?;
        source.ask(&["CLUSTER", "SETSLOT", &number, "MIGRATING", &self.ids[to]]).await?;
        between().await;
        loop {
            let keys = source.ask(&["CLUSTER", "GETKEYSINSLOT", &number, KEYS_AT_ONCE]).await?;
            if keys.items().is_empty() {
                break;
            }
            self.migrate(source, target, keys.items()).await?;
            between().await;
        }
        // The new owner first, or a client could be sent back and forth.
        for node in [target, source] {
            node.ask(&["CLUSTER", "SETSLOT", &number, "NODE", &self.ids[to]]).await?;
        }
        for (index, node) in self.nodes.iter().enumerate().take(MASTERS) {
            if index != from && index != to && node.is_up() {
                node.ask(&["CLUSTER", "SETSLOT", &number, "NODE", &self.ids[to]]).await?;
            }
        }
        Ok(())
    }

    async fn migrate(&self, source: &RedisServer, target: &RedisServer, keys: &[Reply]) -> io::Result<()> {
        let mut command: Vec<Vec<u8>> =
            ["MIGRATE", "127.0.0.1", &target.port().to_string(), "", "0", "10000"].map(Vec::from).to_vec();
        if let Some(password) = source.password() {
            command.extend(["AUTH", password].map(Vec::from));
        }
        command.push(b"KEYS".to_vec());
        command.extend(keys.iter().map(|key| match key {
            Reply::Bulk(bytes) => bytes.clone(),
            other => other.text().into_bytes(),
        }));
        source.ask(&command).await.map(drop)
    }
}

const MASTERS: usize = 3;
const SLOTS: usize = 16_384;
/// Few, so that a slot stays half moved for a while.
const KEYS_AT_ONCE: &str = "3";
