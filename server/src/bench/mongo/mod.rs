//! MongoDB under test: a compatible server started for one load, or a deployment found at a URL.

mod bare;

pub(super) use bare::OneByOne;

use super::machine::OrFail;
use super::outside::{self, Outside};
use super::runner::Context;
use crate::failure::{Failure, Result};
use eventweir_mongo::{MongoConfig, MongoStorage};
use mongodb::options::{Acknowledgment, ClientOptions, ReadConcern, WriteConcern};
use mongodb::{Client, Database};
use std::ffi::OsString;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// A server that speaks MongoDB's protocol; `scripts/test tools` builds it.
const PROGRAM: &str = "secantusd-rs";

/// Holds a deployment, and a database that nobody else uses there.
#[derive(Debug)]
pub(super) struct Mongo {
    server: Option<Outside>,
    url: String,
    database: String,
}

/// Says what is missing for these scenarios.
pub(super) fn lacks(url: Option<&String>) -> Option<&'static str> {
    let found = url.is_some() || outside::find(PROGRAM).is_some();
    (!found).then_some(
        "no compatible server is found: `scripts/test tools` builds one, or name a MongoDB by --mongo",
    )
}

/// Names what is measured: a figure of the compatible server says nothing of MongoDB.
pub(super) fn shown(url: Option<&String>) -> &'static str {
    if url.is_some() { "as-configured" } else { "compatible-server,synced" }
}

impl Mongo {
    /// Starts a server, unless there is a URL.
    pub(super) fn open(context: &Context, url: Option<&String>) -> Result<Self> {
        let database = format!("weir_bench_{}", Uuid::new_v4().simple());
        if let Some(url) = url {
            return Ok(Self { server: None, url: url.clone(), database });
        }
        let program =
            outside::find(PROGRAM).ok_or_else(|| Failure::failed("there is no compatible server"))?;
        let server = Outside::start(context, &program, arguments, listens)?;
        let url = format!("mongodb://{}/?replicaSet=secantus", server.address());
        Ok(Self { server: Some(server), url, database })
    }

    /// Opens a store of the driver in it.
    pub(super) async fn storage(&self) -> Result<MongoStorage> {
        let url = with_database(&self.url, &self.database);
        Ok(MongoStorage::open(MongoConfig::from_url(&url)?).await?)
    }

    /// Connects as a bare client does: what is acknowledged is on the disk of a majority.
    pub(super) async fn connect(&self) -> Result<Database> {
        let mut options =
            ClientOptions::parse(&self.url).await.or_fail("the URL of MongoDB cannot be used")?;
        let concern = WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build();
        options.write_concern = Some(concern);
        options.read_concern = Some(ReadConcern::majority());
        let client = Client::with_options(options).or_fail("the URL of MongoDB cannot be used")?;
        Ok(client.database(&self.database))
    }

    /// Returns the process of the server, if it is known.
    pub(super) fn process(&self) -> Option<u32> {
        self.server.as_ref().map(Outside::process)
    }

    /// Removes what was written, where the server stays.
    pub(super) async fn tidy(&self) -> Result<()> {
        if self.server.is_some() {
            return Ok(());
        }
        let database = self.connect().await?;
        let dropped = database.drop().await;
        bare::close(database.client()).await;
        dropped.or_fail("MongoDB cannot be tidied")
    }
}

fn arguments(port: u16, folder: &Path) -> Vec<OsString> {
    // An empty file, so that no settings of the user's are found.
    let settings = folder.join("server.toml");
    let _ = std::fs::write(&settings, "");
    let port = port.to_string();
    let texts =
        [["--host", "127.0.0.1"], ["--port", &port], ["--cache-size", "256M"], ["--log-file-max", "64MB"]];
    let texts = texts.into_iter().flatten().map(OsString::from);
    let files = ["--config".into(), settings.into(), "--storage-path".into(), folder.join("data").into()];
    texts.chain(files).chain(["--sync-on-commit".into()]).collect()
}

fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

/// Puts the name of a database into a URL, in the place of another.
fn with_database(url: &str, database: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, ""), |(address, options)| (address, options));
    let hosts = address.find("://").map_or(0, |at| at + 3);
    let end = address[hosts..].find('/').map_or(address.len(), |at| hosts + at);
    let mark = if options.is_empty() { "" } else { "?" };
    format!("{}/{database}{mark}{options}", &address[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_takes_the_place_of_another() {
        for (url, expected) in [
            ("mongodb://h", "mongodb://h/x"),
            ("mongodb://h:1,i:2/", "mongodb://h:1,i:2/x"),
            ("mongodb://u:p@h/mine?replicaSet=a&tls=true", "mongodb://u:p@h/x?replicaSet=a&tls=true"),
            ("mongodb://h?replicaSet=a", "mongodb://h/x?replicaSet=a"),
        ] {
            assert_eq!(with_database(url, "x"), expected);
        }
    }
}
