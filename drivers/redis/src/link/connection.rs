//! One connection to one server, shared by many callers.

use super::address::Address;
use super::wire::Wire;
use eventweir::{Error, ErrorKind, Result};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, Pipeline, RedisConnectionInfo, RedisError, Script, Value};
use std::fmt;
use std::sync::Arc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

/// Clones share the connection, which ends with the last of them.
#[derive(Clone)]
pub(super) struct Connection {
    inner: MultiplexedConnection,
    driver: Arc<Driver>,
}

/// Moves the bytes, for as long as somebody has the connection.
#[derive(Debug)]
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Why there is no answer. The call may have been carried out in any case.
#[derive(Debug)]
pub(super) enum Broken {
    /// The connection ended.
    Lost(String),
    /// What came is not of Redis' protocol.
    Strange,
    /// The time is over, and the answer may still come: to nobody.
    Late,
}

impl Broken {
    /// Says that a server is not there for a call that changes nothing.
    pub(super) fn unavailable(self, address: &Address) -> Error {
        match self {
            Self::Lost(why) => {
                Error::new(ErrorKind::Unavailable, format!("the connection to Redis at {address} was lost"))
                    .with_source(why)
            }
            Self::Strange => Error::new(
                ErrorKind::Config,
                format!("what answers at {address} is no Redis: it does not speak its protocol"),
            ),
            Self::Late => {
                Error::new(ErrorKind::Timeout, format!("Redis at {address} did not answer in time"))
            }
        }
    }
}

impl Connection {
    /// Begins to talk over a wire. Says nothing yet.
    pub(super) async fn new(wire: Wire) -> Result<Self> {
        // Every call has its own end, so none here.
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_connection_timeout(None)
            .set_pipeline_buffer_size(CALLS_QUEUED);
        let silent = RedisConnectionInfo::default().set_skip_set_lib_name();
        let (inner, driver) =
            MultiplexedConnection::new_with_config(&silent, wire, config).await.map_err(|error| {
                Error::new(ErrorKind::Internal, "the Redis client cannot be set up").with_source(error)
            })?;
        let driver = Arc::new(Driver(tokio::spawn(driver).abort_handle()));
        Ok(Self { inner, driver })
    }

    /// Sends a command and waits for its answer, which may be a refusal.
    pub(super) async fn ask(&self, command: &Cmd, until: Instant) -> Result<Value, Broken> {
        let mut inner = self.inner.clone();
        match timeout_at(until, inner.send_packed_command(command)).await {
            Ok(answer) => answer.or_else(refusal),
            Err(_) => Err(Broken::Late),
        }
    }

    /// Sends commands together and waits for the last `count` of their answers, each of which may be a refusal.
    pub(super) async fn ask_all(
        &self,
        commands: &Pipeline,
        skip: usize,
        count: usize,
        until: Instant,
    ) -> Result<Vec<Value>, Broken> {
        let mut inner = self.inner.clone();
        match timeout_at(until, inner.send_packed_commands(commands, skip, count)).await {
            Ok(answers) => answers.or_else(|error| refusal(error).map(|refused| vec![refused])),
            Err(_) => Err(Broken::Late),
        }
    }

    /// Gives a script to the server. When that fails, the next call of it says why.
    pub(super) async fn load(&self, script: Option<&Script>, until: Instant) {
        if let Some(script) = script {
            drop(timeout_at(until, script.load_async(&mut self.inner.clone())).await);
        }
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.driver, &other.driver)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

/// What the server refused is an answer; anything else ended the connection.
fn refusal(error: RedisError) -> Result<Value, Broken> {
    if error.kind() == redis::ErrorKind::Parse {
        return Err(Broken::Strange);
    }
    let why = error.to_string();
    match error.into_server_errors().as_deref() {
        Some([(_, first), ..]) => Ok(Value::ServerError(first.clone())),
        _ => Err(Broken::Lost(why)),
    }
}

/// Calls wait here when the connection is slower than its callers.
const CALLS_QUEUED: usize = 256;
