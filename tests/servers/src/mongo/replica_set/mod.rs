//! Three doors to one server that look like a replica set, for what a client does in a failover.

mod door;
mod message;

use super::MongoServer;
use super::uri::with_database;
use door::Door;
use mongodb::bson::oid::ObjectId;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// A *simulated* replica set of three: proxies before one server that tell clients they are members, hold elections and lose answers.
///
/// It shows what a client does when the primary changes: how it finds the new one, what it repeats, how it takes change streams
/// up again. It shows nothing of MongoDB itself: there is one store behind it, so nothing is ever rolled back and no member lags.
#[derive(Debug)]
pub struct SimulatedReplicaSet {
    shared: Arc<Shared>,
    doors: Vec<AbortHandle>,
}

/// What happens to a command on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The connection is closed before the server has heard of it.
    BeforeExecution,
    /// The connection is closed after the server has done it, without an answer.
    AfterExecution,
    /// The answer comes later by so much.
    Late(Duration),
}

/// Counts what happened, so that a test can tell that it tested something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Happened {
    /// Changes of the primary.
    pub elections: u64,
    /// Commands of which the server has not heard.
    pub lost_requests: u64,
    /// Commands that were carried out, or may have been, without an answer.
    pub lost_answers: u64,
    /// Commands answered with "I am not the primary".
    pub refused: u64,
}

/// Who is the primary, in which term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reign {
    primary: Option<usize>,
    term: u64,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    members: Vec<SocketAddr>,
    reign: watch::Sender<Reign>,
    plans: Mutex<Plans>,
}

#[derive(Debug, Default)]
struct Plans {
    mishaps: Vec<Plan>,
    happened: Happened,
    wire_version: Option<i32>,
}

#[derive(Debug)]
struct Plan {
    command: String,
    mishap: Mishap,
    left: u32,
}

impl SimulatedReplicaSet {
    /// Stands before a server of the test's own. The first of the three is the primary.
    ///
    /// # Errors
    /// When the server is not the test's own, or no port can be had.
    pub async fn start(server: &MongoServer) -> io::Result<Self> {
        let why =
            || io::Error::new(io::ErrorKind::Unsupported, "only a server of the test's own is stood before");
        let server = server.address().ok_or_else(why)?;
        let mut listeners = Vec::new();
        for _ in 0..MEMBERS {
            listeners.push(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?);
        }
        let members = listeners.iter().map(TcpListener::local_addr).collect::<io::Result<_>>()?;
        let (reign, _) = watch::channel(Reign { primary: Some(0), term: 1 });
        let shared = Arc::new(Shared { server, members, reign, plans: Mutex::default() });
        let open = |(member, listener)| {
            tokio::spawn(Door::new(member, shared.clone()).open(listener)).abort_handle()
        };
        let doors = listeners.into_iter().enumerate().map(open).collect();
        Ok(Self { shared, doors })
    }

    /// Returns the address of the set, with a database.
    pub fn uri_of(&self, database: &str) -> String {
        let hosts: Vec<String> = self.shared.members.iter().map(ToString::to_string).collect();
        let uri = format!("mongodb://{}/?replicaSet=secantus&heartbeatFrequencyMS=500", hosts.join(","));
        with_database(&uri, database)
    }

    /// Returns the address of the set, with a database of its own.
    pub fn uri(&self) -> String {
        self.uri_of(&MongoServer::new_database())
    }

    /// Has no primary from now on. Commands that run are cut off, whether the server does them or not; others are refused.
    pub fn depose(&self) {
        self.reign(None);
    }

    /// Makes a member the primary, from 0 to 2.
    pub fn elect(&self, member: usize) {
        self.reign(Some(member % MEMBERS));
    }

    /// Returns which member is the primary.
    pub fn primary(&self) -> Option<usize> {
        self.shared.reign.borrow().primary
    }

    fn reign(&self, primary: Option<usize>) {
        self.shared.reign.send_modify(|reign| *reign = Reign { primary, term: reign.term + 1 });
        if primary.is_some() {
            self.shared.plans().happened.elections += 1;
        }
    }

    /// Lets something happen to the next commands of a name.
    pub fn next(&self, command: &str, times: u32, mishap: Mishap) {
        let plan = Plan { command: command.to_owned(), mishap, left: times };
        self.shared.plans().mishaps.push(plan);
    }

    /// Says in the members' name that they are of another wire version, for clients that connect from now on.
    pub fn claim_wire_version(&self, version: i32) {
        self.shared.plans().wire_version = Some(version);
    }

    /// Says what happened so far.
    pub fn happened(&self) -> Happened {
        self.shared.plans().happened
    }
}

impl Drop for SimulatedReplicaSet {
    fn drop(&mut self) {
        // Each door owns the tasks of its connections.
        self.doors.iter().for_each(AbortHandle::abort);
    }
}

impl Shared {
    fn plans(&self) -> MutexGuard<'_, Plans> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is to happen to a command.
    fn mishap(&self, command: &str) -> Option<Mishap> {
        let mut plans = self.plans();
        let plan = plans.mishaps.iter_mut().find(|plan| plan.command == command && plan.left > 0)?;
        plan.left -= 1;
        Some(plan.mishap)
    }
}

impl Reign {
    /// Grows with each term, as clients expect it.
    fn election_id(self) -> ObjectId {
        let mut bytes = [0; 12];
        bytes[0] = 0x7f;
        bytes[4..].copy_from_slice(&self.term.to_be_bytes());
        ObjectId::from_bytes(bytes)
    }
}

const MEMBERS: usize = 3;

#[cfg(test)]
mod tests;
