//! A server that speaks MongoDB's protocol, or the deployment that `MONGODB_URI` names.

mod binary;
mod fail_point;
mod process;
mod replica_set;
mod uri;

pub use fail_point::{FailPoint, Failure};
pub use replica_set::{Happened, Mishap, SimulatedReplicaSet};

use mongodb::Client;
use mongodb::bson::{Document, doc, oid::ObjectId};
use process::OwnServer;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use uri::with_database;

/// Names the deployment that tests use instead of a server of their own.
pub const DEPLOYMENT: &str = "MONGODB_URI";
/// Set to `1`, it says that `configureFailPoint` may be used on the deployment that `MONGODB_URI` names.
pub const FAIL_POINTS: &str = "EVENTWEIR_MONGO_FAIL_POINTS";
/// Set to `1`, it says that the primary of the deployment that `MONGODB_URI` names may be made to step down.
pub const STEP_DOWN: &str = "EVENTWEIR_MONGO_STEP_DOWN";

/// A MongoDB-compatible server: one that the test started, or the deployment that `MONGODB_URI` names.
///
/// Dropped, a server of its own is killed and its folder removed; of a deployment, the databases are dropped that were made up for tests.
#[derive(Debug)]
pub struct MongoServer {
    /// Without a database.
    uri: String,
    own: Option<OwnServer>,
    /// Databases that were made up for tests.
    databases: Mutex<Vec<String>>,
}

impl MongoServer {
    /// Uses the deployment that `MONGODB_URI` names, else starts a server.
    ///
    /// # Errors
    /// When there is no server to start, in a sentence that says how to get one; when it does not start.
    pub async fn start() -> io::Result<Self> {
        match deployment() {
            Some(uri) => Ok(Self::new(uri, None)),
            None => Self::start_own(&[]).await,
        }
    }

    /// Starts a server that can be killed and restarted. `None` when `MONGODB_URI` names another: the test says `SKIPPED`, and is over.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn killable() -> io::Result<Option<Self>> {
        Self::own_with(&[]).await
    }

    /// Starts a server with more arguments, such as `--standalone`. `None` as for [`killable`](Self::killable).
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn own_with(arguments: &[&str]) -> io::Result<Option<Self>> {
        if deployment().is_some() {
            skipped(&format!("it needs a server of its own, and {DEPLOYMENT} names another"));
            return Ok(None);
        }
        Self::start_own(arguments).await.map(Some)
    }

    /// Gives a server that has fail points. `None` when `MONGODB_URI` names a deployment and `EVENTWEIR_MONGO_FAIL_POINTS` is not 1: the
    /// test says `SKIPPED`, and is over.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn with_fail_points() -> io::Result<Option<Self>> {
        if deployment().is_some() && std::env::var(FAIL_POINTS).as_deref() != Ok("1") {
            skipped(&format!(
                "it needs fail points, and {FAIL_POINTS} is not 1 for the deployment of {DEPLOYMENT}"
            ));
            return Ok(None);
        }
        Self::start().await.map(Some)
    }

    /// Uses the deployment that `MONGODB_URI` names, where elections are real. `None` without one, or when `EVENTWEIR_MONGO_STEP_DOWN` is
    /// not 1: the test says `SKIPPED`, and is over.
    pub fn with_elections() -> Option<Self> {
        let uri = deployment().filter(|_| std::env::var(STEP_DOWN).as_deref() == Ok("1"));
        if uri.is_none() {
            skipped(&format!(
                "it needs a replica set in {DEPLOYMENT} whose primary may step down, and {STEP_DOWN}=1"
            ));
        }
        uri.map(|uri| Self::new(uri, None))
    }

    /// Has the primary step down. Somebody else is elected, or it is again after five seconds.
    ///
    /// # Errors
    /// When there is nobody who could take over.
    pub async fn step_down(&self) -> io::Result<()> {
        self.admin(doc! { "replSetStepDown": 5, "secondaryCatchUpPeriodSecs": 3 }).await
    }

    async fn start_own(arguments: &[&str]) -> io::Result<Self> {
        let own = OwnServer::start(arguments).await?;
        Ok(Self::new(own.uri(), Some(own)))
    }

    fn new(uri: String, own: Option<OwnServer>) -> Self {
        Self { uri, own, databases: Mutex::default() }
    }

    /// Returns the address with a database of its own, which no other call has returned.
    pub fn uri(&self) -> String {
        let database = Self::new_database();
        let uri = self.uri_of(&database);
        self.databases.lock().unwrap_or_else(PoisonError::into_inner).push(database);
        uri
    }

    /// Returns the address with a database.
    pub fn uri_of(&self, database: &str) -> String {
        with_database(&self.uri, database)
    }

    /// Makes up a name that no database has.
    pub fn new_database() -> String {
        format!("weir_test_{}", ObjectId::new().to_hex())
    }

    /// Returns where it listens, for a proxy in front of it. `None` when it is not this test's own.
    pub fn address(&self) -> Option<SocketAddr> {
        self.own.as_ref().map(OwnServer::address)
    }

    /// Connects a client of its own.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub async fn client(&self) -> io::Result<Client> {
        Client::with_uri_str(&self.uri).await.map_err(io::Error::other)
    }

    /// Removes a database that a test has made.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn drop_database(&self, name: &str) -> io::Result<()> {
        self.client().await?.database(name).drop().await.map_err(io::Error::other)
    }

    /// Kills it (SIGKILL). It is gone when this returns.
    ///
    /// # Errors
    /// When it is not this test's own, or cannot be killed.
    pub async fn kill(&mut self) -> io::Result<()> {
        self.own()?.kill().await
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// When it is not this test's own, or does not end.
    pub async fn stop(&mut self) -> io::Result<()> {
        self.own()?.stop().await
    }

    /// Starts it again, on the same port and folder. One that still runs is stopped first.
    ///
    /// # Errors
    /// When it is not this test's own, or does not start.
    pub async fn restart(&mut self) -> io::Result<()> {
        self.own()?.restart().await
    }

    /// Starts it again with other arguments than before, such as `--auth`.
    ///
    /// # Errors
    /// As [`restart`](Self::restart).
    pub async fn restart_with(&mut self, arguments: &[&str]) -> io::Result<()> {
        let own = self.own()?;
        own.set_arguments(arguments);
        let uri = own.uri();
        own.restart().await?;
        self.uri = uri;
        Ok(())
    }

    /// Lets it stand still (SIGSTOP), until [`resume`](Self::resume).
    ///
    /// # Errors
    /// When it is not this test's own, or has ended.
    pub async fn pause(&mut self) -> io::Result<()> {
        self.own()?.pause().await
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// As [`pause`](Self::pause).
    pub fn resume(&mut self) -> io::Result<()> {
        self.own()?.resume()
    }

    /// Makes commands fail, until it has happened often enough, or the next call, or [`clear`](Self::clear).
    ///
    /// # Errors
    /// When the server has no fail points.
    pub async fn fail(&self, point: FailPoint) -> io::Result<()> {
        self.admin(point.to_document()).await
    }

    /// Ends the fail point.
    ///
    /// # Errors
    /// As [`fail`](Self::fail).
    pub async fn clear(&self) -> io::Result<()> {
        self.admin(doc! { "configureFailPoint": "failCommand", "mode": "off" }).await
    }

    async fn admin(&self, command: Document) -> io::Result<()> {
        let client = self.client().await?;
        client.database("admin").run_command(command).await.map(drop).map_err(io::Error::other)
    }

    fn own(&mut self) -> io::Result<&mut OwnServer> {
        self.own.as_mut().ok_or_else(|| {
            let why = format!("the deployment of {DEPLOYMENT} is not this test's to stop");
            io::Error::new(io::ErrorKind::Unsupported, why)
        })
    }
}

impl Drop for MongoServer {
    fn drop(&mut self) {
        let databases = std::mem::take(self.databases.get_mut().unwrap_or_else(PoisonError::into_inner));
        if self.own.is_none() && !databases.is_empty() {
            let uri = self.uri.clone();
            // The test's own runtime may be ending. What is left behind troubles nobody but the deployment's owner.
            let _ = std::thread::spawn(move || drop_all(&uri, &databases)).join();
        }
    }
}

fn drop_all(uri: &str, databases: &[String]) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = Client::with_uri_str(uri).await.map_err(io::Error::other)?;
        for database in databases {
            client.database(database).drop().await.map_err(io::Error::other)?;
        }
        Ok(())
    })
}

fn deployment() -> Option<String> {
    std::env::var(DEPLOYMENT).ok().filter(|uri| !uri.is_empty())
}

/// Says that a test did nothing, where the runner shows it.
fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

#[cfg(test)]
mod tests;
