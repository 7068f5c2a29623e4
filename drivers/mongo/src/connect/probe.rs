//! Asks servers one by one why none of them would do.

use super::{Hello, LEAST_VERSION, MongoConfig};
use crate::deployment::is_new_enough;
use eventweir::{Error, ErrorKind};
use mongodb::Client;
use mongodb::bson::doc;
use mongodb::options::{ClientOptions, ServerAddress};
use std::time::Duration;

/// How long a server may take to say who it is. Whoever asks has waited for a while already.
const PATIENCE: Duration = Duration::from_secs(2);
/// As many servers as are asked.
const MOST: usize = 3;

pub(super) async fn explain(config: &MongoConfig, options: &ClientOptions) -> Error {
    let place = config.place();
    for host in options.hosts.iter().take(MOST) {
        if let Some(why) = ask(host, options).await.and_then(|hello| found(&hello, host, options)) {
            return why;
        }
    }
    Error::new(
        ErrorKind::Unavailable,
        format!("no MongoDB server answers at {place}: is it up, and is tls= in the URL as it wants it?"),
    )
}

async fn ask(host: &ServerAddress, options: &ClientOptions) -> Option<Hello> {
    let mut alone = options.clone();
    alone.hosts = vec![host.clone()];
    alone.direct_connection = Some(true);
    // Anybody may ask a server who it is.
    (alone.repl_set_name, alone.credential) = (None, None);
    (alone.connect_timeout, alone.server_selection_timeout) = (Some(PATIENCE), Some(PATIENCE));
    let client = Client::with_options(alone).ok()?;
    let admin = client.database("admin");
    let hello = tokio::time::timeout(PATIENCE, admin.run_command(doc! { "hello": 1 })).await;
    client.shutdown().immediate(true).await;
    hello.ok()?.ok()
}

/// Says what is wrong with a server that answers. `None` when nothing is.
fn found(hello: &Hello, host: &ServerAddress, options: &ClientOptions) -> Option<Error> {
    if !is_new_enough(hello) {
        let why = format!("the MongoDB server at {host} is too old: {LEAST_VERSION} or newer is needed");
        return Some(Error::new(ErrorKind::Config, why));
    }
    let wanted = options.repl_set_name.as_deref();
    match (wanted, hello.get_str("setName").ok()) {
        (Some(wanted), Some(name)) if wanted != name => Some(Error::new(
            ErrorKind::Config,
            format!(
                "the MongoDB server at {host} is in the replica set {name:?}, not in {wanted:?}: see replicaSet= in the URL"
            ),
        )),
        (Some(wanted), None) if !is_waiting(hello) => Some(Error::new(
            ErrorKind::Config,
            format!(
                "the MongoDB server at {host} is in no replica set, and the URL wants {wanted:?}: see replicaSet="
            ),
        )),
        (_, None) if is_waiting(hello) => Some(Error::new(
            ErrorKind::Config,
            format!("the MongoDB server at {host} waits to become a replica set: run rs.initiate() there"),
        )),
        (_, Some(name)) if !hello.contains_key("primary") => Some(Error::new(
            ErrorKind::Unavailable,
            format!("the replica set {name:?} has no primary at present"),
        )),
        // Its members name each other by hosts that cannot be reached from here.
        (_, Some(name)) => Some(Error::new(
            ErrorKind::Unavailable,
            format!(
                "the MongoDB server at {host} answers, and the primary of its replica set {name:?}, {:?}, does not: its members must be reachable by the names that they have there",
                hello.get_str("primary").unwrap_or_default()
            ),
        )),
        _ => None,
    }
}

/// It was started as a member of a set that does not exist yet.
fn is_waiting(hello: &Hello) -> bool {
    hello.get_bool("isreplicaset").unwrap_or(false)
}
