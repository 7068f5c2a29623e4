//! Asking Sentinels who the master is.

use super::address::Address;
use super::connection::Connection;
use super::wire::{Connector, Login};
use eventweir::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use redis::Value;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::time::{Duration, Instant};

/// Knows the master by asking the Sentinels of the URL, one after the other.
#[derive(Debug)]
pub(super) struct Sentinels {
    addresses: Vec<Address>,
    name: String,
    master: Mutex<Option<Address>>,
    /// The Sentinel that answered last is asked first.
    first: AtomicUsize,
    /// One asks, the others wait for the answer.
    asking: tokio::sync::Mutex<()>,
}

impl Sentinels {
    pub(super) fn new(addresses: Vec<Address>, name: String) -> Self {
        let asking = tokio::sync::Mutex::new(());
        Self { addresses, name, master: Mutex::new(None), first: AtomicUsize::new(0), asking }
    }

    pub(super) fn known(&self) -> Option<Address> {
        self.master.lock().clone()
    }

    /// Returns the master, as it is known or as the first Sentinel says that answers.
    pub(super) async fn master(&self, connector: &Connector) -> Result<Address> {
        if let Some(master) = self.known() {
            return Ok(master);
        }
        let _turn = self.asking.lock().await;
        if let Some(master) = self.known() {
            return Ok(master);
        }
        self.ask(connector).await
    }

    /// Asks, whatever is known.
    pub(super) async fn ask(&self, connector: &Connector) -> Result<Address> {
        let mut refused = None;
        let mut silent = Vec::new();
        let first = self.first.load(Ordering::Relaxed);
        for index in (first..self.addresses.len()).chain(0..first) {
            match self.ask_one(connector, &self.addresses[index]).await {
                Ok(master) => {
                    self.first.store(index, Ordering::Relaxed);
                    *self.master.lock() = Some(master.clone());
                    return Ok(master);
                }
                Err(error) if error.kind() == ErrorKind::Config => refused = Some(error),
                Err(error) => silent.push(error),
            }
        }
        if let (Some(refused), true) = (refused, silent.is_empty()) {
            return Err(refused);
        }
        let names: Vec<_> = self.addresses.iter().map(ToString::to_string).collect();
        let error =
            Error::new(ErrorKind::Unavailable, format!("no Sentinel answers at {}", names.join(", ")));
        Err(match silent.pop() {
            Some(last) => error.with_source(last),
            None => error,
        })
    }

    async fn ask_one(&self, connector: &Connector, address: &Address) -> Result<Address> {
        let mut answer = self.ask_over(connector.connect(address, Login::None).await?, address).await?;
        if matches!(&answer, Value::ServerError(refused) if refused.code() == "NOAUTH") {
            answer = self.ask_over(connector.connect(address, Login::NoDatabase).await?, address).await?;
        }
        match answer {
            Value::Array(parts) => match &parts[..] {
                [Value::BulkString(host), Value::BulkString(port)] => {
                    let port = std::str::from_utf8(port).ok().and_then(|port| port.parse().ok());
                    let address = port.and_then(|port| Address::new(&String::from_utf8_lossy(host), port));
                    address.ok_or_else(|| self.no_sentinel(&"an answer without an address"))
                }
                _ => Err(self.no_sentinel(&"an answer without an address")),
            },
            Value::Nil => Err(Error::new(
                ErrorKind::Config,
                format!("the Sentinel at {address} knows no master {:?}", self.name),
            )),
            Value::ServerError(refused)
                if refused.details().is_some_and(|why| why.contains("unknown command")) =>
            {
                Err(Error::new(
                    ErrorKind::Config,
                    format!(
                        "what answers at {address} is no Sentinel: a server by itself is redis://{address}"
                    ),
                ))
            }
            Value::ServerError(refused) if refused.code() == "NOAUTH" => Err(Error::new(
                ErrorKind::Config,
                format!("the Sentinel at {address} asks for a password: redis+sentinel://:PASSWORD@HOST"),
            )),
            Value::ServerError(refused)
                if refused.details().is_some_and(|why| why.contains("No such master")) =>
            {
                Err(Error::new(
                    ErrorKind::Config,
                    format!("the Sentinel at {address} knows no master {:?}", self.name),
                ))
            }
            Value::ServerError(refused) => Err(self.no_sentinel(&refused)),
            _ => Err(self.no_sentinel(&"another answer")),
        }
    }

    fn no_sentinel(&self, why: &dyn std::fmt::Display) -> Error {
        let message = format!("a Sentinel does not say who the master {:?} is: {why}", self.name);
        Error::new(ErrorKind::Unavailable, message)
    }

    async fn ask_over(&self, connection: Connection, address: &Address) -> Result<Value> {
        let mut command = redis::cmd("SENTINEL");
        command.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.name);
        let until = Instant::now() + PATIENCE;
        connection.ask(&command, until).await.map_err(|broken| broken.unavailable(address))
    }

    /// Forgets a master that does not behave as one.
    pub(super) fn suspect(&self, address: &Address) {
        let mut master = self.master.lock();
        if master.as_ref() == Some(address) {
            *master = None;
        }
    }
}

/// A Sentinel has little to do. One that takes longer is left out for this time.
const PATIENCE: Duration = Duration::from_secs(1);
