//! Who serves which slot of a cluster.

use super::address::Address;
use super::node::{Nodes, Purpose};
use super::slot::SLOTS;
use super::wire::Connector;
use eventweir::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use redis::Value;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::time::{Duration, Instant, sleep_until};

/// Knows the nodes by asking any of them. What it knows may be out of date: a node says so when it is asked.
#[derive(Debug)]
pub(super) struct Cluster {
    seeds: Vec<Address>,
    map: Mutex<Map>,
    /// One asks, the others wait for the answer; not more often than now and then.
    asking: tokio::sync::Mutex<Option<Instant>>,
    /// Where the asking begins: after a node that did not answer, with the one behind it.
    turn: AtomicUsize,
}

#[derive(Debug, Default)]
struct Map {
    nodes: Vec<Address>,
    /// The place of each slot's node in `nodes`; empty before the first answer.
    slots: Vec<Option<u16>>,
    stale: bool,
}

impl Cluster {
    pub(super) fn new(seeds: Vec<Address>) -> Self {
        Self {
            seeds,
            map: Mutex::default(),
            asking: tokio::sync::Mutex::new(None),
            turn: AtomicUsize::new(0),
        }
    }

    /// Returns the node of a slot, as it is known, or as another node says when that is in doubt.
    pub(super) async fn node(&self, slot: u16, connector: &Connector, nodes: &Nodes) -> Result<Address> {
        if let Some(address) = self.map.lock().sure(slot) {
            return Ok(address);
        }
        let mut asked = self.asking.lock().await;
        if let Some(address) = self.map.lock().sure(slot) {
            return Ok(address);
        }
        if let Some(asked) = *asked {
            sleep_until(asked + BETWEEN).await;
        }
        *asked = Some(Instant::now());
        self.ask(connector, nodes).await?;
        let nobody =
            || Error::new(ErrorKind::Unavailable, format!("no node of the cluster serves slot {slot}"));
        self.map.lock().of(slot).ok_or_else(nobody)
    }

    /// Asks the nodes that are known, and those of the URL, until one answers.
    pub(super) async fn ask(&self, connector: &Connector, nodes: &Nodes) -> Result<()> {
        let mut last = None;
        for address in self.all() {
            match ask_one(&address, connector, nodes).await {
                Ok(map) => {
                    let known: BTreeSet<_> =
                        map.nodes.iter().cloned().chain(self.seeds.iter().cloned()).collect();
                    *self.map.lock() = map;
                    nodes.keep(|address| known.contains(address));
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Config => return Err(error),
                Err(error) => {
                    self.turn.fetch_add(1, Ordering::Relaxed);
                    last = Some(error);
                }
            }
        }
        let error = Error::new(ErrorKind::Unavailable, "no node of the cluster answers");
        Err(match last {
            Some(last) => error.with_source(last),
            None => error,
        })
    }

    fn all(&self) -> Vec<Address> {
        let mut all = self.map.lock().nodes.clone();
        let turn = self.turn.load(Ordering::Relaxed) % all.len().max(1);
        all.rotate_left(turn);
        all.extend(self.seeds.iter().cloned());
        let mut seen = BTreeSet::new();
        all.retain(|address| seen.insert(address.clone()));
        all
    }

    /// Returns the nodes that serve slots.
    pub(super) fn masters(&self) -> Vec<Address> {
        self.map.lock().nodes.clone()
    }

    /// Returns the node of a slot as far as it is known, for what is only a hint.
    pub(super) fn known(&self, slot: u16) -> Option<Address> {
        self.map.lock().of(slot)
    }

    /// A node said who serves the slot. Others have probably moved as well.
    pub(super) fn moved(&self, slot: u16, to: &Address) {
        let mut map = self.map.lock();
        let place = map.nodes.iter().position(|node| node == to).unwrap_or(map.nodes.len());
        if place == map.nodes.len() {
            map.nodes.push(to.clone());
        }
        if let (Some(known), Ok(place)) = (map.slots.get_mut(usize::from(slot)), u16::try_from(place)) {
            *known = Some(place);
        }
    }

    /// Asks again before the next call.
    pub(super) fn suspect(&self) {
        self.map.lock().stale = true;
    }
}

impl Map {
    fn of(&self, slot: u16) -> Option<Address> {
        let place = (*self.slots.get(usize::from(slot))?)?;
        self.nodes.get(usize::from(place)).cloned()
    }

    fn sure(&self, slot: u16) -> Option<Address> {
        if self.stale { None } else { self.of(slot) }
    }
}

async fn ask_one(address: &Address, connector: &Connector, nodes: &Nodes) -> Result<Map> {
    let node = nodes.get(address);
    let until = Instant::now() + PATIENCE;
    let connection = node.lane(Purpose::Calls).connection(connector, address, until).await?;
    let mut command = redis::cmd("CLUSTER");
    command.arg("SLOTS");
    let answer = connection.ask(&command, until).await.map_err(|broken| {
        node.lane(Purpose::Calls).lost(&connection);
        broken.unavailable(address)
    })?;
    match answer {
        Value::Array(ranges) => read(&ranges, address),
        Value::ServerError(refused)
            if refused.details().is_some_and(|why| why.contains("cluster support disabled")) =>
        {
            let message = format!("the server at {address} is no node of a cluster: use redis://{address}");
            Err(Error::new(ErrorKind::Config, message))
        }
        Value::ServerError(refused) if refused.code() == "NOPERM" => {
            let message = format!("Redis at {address} does not let this user ask for CLUSTER SLOTS");
            Err(Error::new(ErrorKind::Config, message))
        }
        Value::ServerError(refused) if refused.code() == "NOAUTH" => {
            let message = format!(
                "Redis at {address} asks for a password: redis+cluster://USER:PASSWORD@HOST or redis+cluster://:PASSWORD@HOST"
            );
            Err(Error::new(ErrorKind::Config, message))
        }
        other => {
            let error = format!("the node at {address} does not say who serves which slot");
            Err(Error::new(ErrorKind::Unavailable, error).with_source(format!("{other:?}")))
        }
    }
}

/// Reads `CLUSTER SLOTS`: ranges with their master first.
fn read(ranges: &[Value], from: &Address) -> Result<Map> {
    let mut map = Map { nodes: Vec::new(), slots: vec![None; usize::from(SLOTS)], stale: false };
    for range in ranges {
        let (first, last, master) = range_of(range, from).ok_or_else(|| {
            Error::new(ErrorKind::Unavailable, format!("the node at {from} says oddly who serves which slot"))
        })?;
        let place = map.nodes.iter().position(|node| *node == master).unwrap_or_else(|| {
            map.nodes.push(master);
            map.nodes.len() - 1
        });
        for slot in first..=last {
            map.slots[usize::from(slot)] = u16::try_from(place).ok();
        }
    }
    Ok(map)
}

fn range_of(range: &Value, from: &Address) -> Option<(u16, u16, Address)> {
    let Value::Array(parts) = range else { return None };
    let [Value::Int(first), Value::Int(last), Value::Array(master), ..] = &parts[..] else { return None };
    let slot = |slot: &i64| u16::try_from(*slot).ok().filter(|slot| *slot < SLOTS);
    let [host, Value::Int(port), ..] = &master[..] else { return None };
    let host = match host {
        // A node that does not know its own name is where it was asked.
        Value::BulkString(host) if !host.is_empty() && host != b"?" => {
            String::from_utf8_lossy(host).into_owned()
        }
        _ => from.host.clone(),
    };
    Some((slot(first)?, slot(last)?, Address::new(&host, u16::try_from(*port).ok()?)?))
}

/// A node that takes longer is left out for this time.
const PATIENCE: Duration = Duration::from_secs(1);
/// Who serves what changes by elections, which take longer than this.
const BETWEEN: Duration = Duration::from_millis(50);
