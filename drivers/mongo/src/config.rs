//! Where the database is and how it is used.

use eventweir::{Error, ErrorKind, Result};
use mongodb::options::{ClientOptions, ConnectionString, HostInfo, ReadPreference};
use std::fmt;
use std::time::Duration;

mod url;

/// The database unless the URL names one.
const DATABASE: &str = "weir";
/// Those of the server itself.
const TAKEN: [&str; 3] = ["admin", "local", "config"];

/// Says where the database is and how it is used. What it shows of itself has no user and no password in it.
#[derive(Clone)]
pub struct MongoConfig {
    connection: ConnectionString,
    database: String,
    dedup_window: Duration,
    timeout: Duration,
}

impl MongoConfig {
    /// Reads `mongodb://HOSTS/DATABASE?OPTIONS` or `mongodb+srv://HOST/DATABASE?OPTIONS`, as MongoDB's own programs do.
    ///
    /// The database is `weir` unless the URL names one. Beside the usual options there are `dedup_window`, how long ids are
    /// recognised, one hour unless set, and `timeout`, how long one call of the database may take, ten seconds unless set.
    /// Options that would weaken what the driver promises are refused: it always writes with `w=majority` and `journal=true`, and reads from
    /// the primary what a majority has.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when it is anything else; unknown options too.
    pub fn from_url(url: &str) -> Result<Self> {
        let parts = url::split(url)?;
        let connection = url::parse(&parts)?;
        url::check_promise(&connection)?;
        let database = connection.default_database.clone().unwrap_or_else(|| DATABASE.to_owned());
        if TAKEN.contains(&database.as_str()) {
            return Err(refused(format!(
                "{database:?} is the server's own database; when the user is kept there, say /{DATABASE}?authSource={database}"
            )));
        }
        let config = Self {
            connection,
            database,
            dedup_window: Duration::from_secs(3600),
            timeout: Duration::from_secs(10),
        };
        parts.own.iter().try_fold(config, |config, (key, value)| config.with_pair(key, value))
    }

    fn with_pair(self, key: &str, value: &str) -> Result<Self> {
        let span = eventweir::duration::parse(value)
            .ok_or_else(|| refused(format!("{key} is a duration such as 90s or 1h, not {value:?}")))?;
        match key {
            "dedup_window" => Ok(self.with_dedup_window(span)),
            _ if span < LEAST_TIMEOUT => Err(refused(format!("{key} is at least 100ms, not {value:?}"))),
            _ => Ok(self.with_timeout(span)),
        }
    }

    /// Sets how long ids are recognised after their event is gone, and commit ids after their commit.
    pub fn with_dedup_window(mut self, window: Duration) -> Self {
        self.dedup_window = window;
        self
    }

    /// Sets how long one call of the database may take, at least 100 ms.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.max(LEAST_TIMEOUT);
        self
    }

    pub(crate) fn dedup(&self) -> Duration {
        self.dedup_window
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How long a commit is repeated until it is known what became of it.
    pub(crate) fn commit_time(&self) -> Duration {
        self.timeout + self.timeout / 2
    }

    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    pub(crate) fn connection(&self) -> &ConnectionString {
        &self.connection
    }

    /// Says where it is, without a secret.
    pub(crate) fn place(&self) -> String {
        let hosts = match &self.connection.host_info {
            HostInfo::HostIdentifiers(hosts) => {
                hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
            }
            HostInfo::DnsRecord(name) => name.clone(),
            _ => "elsewhere".to_owned(),
        };
        format!("{hosts}/{}", self.database)
    }

    /// Fills in what the URL leaves open. Times are said, whatever the client's own defaults become.
    pub(crate) fn apply(&self, options: &mut ClientOptions) {
        options.app_name.get_or_insert_with(|| "weir".to_owned());
        options.max_pool_size.get_or_insert(64);
        options.connect_timeout.get_or_insert(self.timeout.min(Duration::from_secs(5)));
        options.server_selection_timeout.get_or_insert(self.timeout.min(Duration::from_secs(5)));
        // How soon a new primary is found where servers do not say by themselves that they changed.
        options.heartbeat_freq.get_or_insert(Duration::from_secs(2));
        options.retry_reads.get_or_insert(true);
        // Each error is that of one attempt: see the module `error`. Repetitions are this driver's own.
        options.retry_writes = Some(false);
        options.selection_criteria = Some(ReadPreference::Primary.into());
    }
}

const LEAST_TIMEOUT: Duration = Duration::from_millis(100);

impl fmt::Debug for MongoConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoConfig")
            .field("place", &self.place())
            .field("dedup_window", &self.dedup_window)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

fn refused(why: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Config, format!("the storage URL is refused: {why}"))
}

#[cfg(test)]
mod tests;
