//! Connects, and looks before anything is written: what cannot work is refused in one sentence, and nothing is overwritten.

mod mark;
mod probe;

use crate::config::MongoConfig;
use crate::deployment::{Deployment, LEAST_VERSION, is_new_enough};
use crate::error::{Call, map, timed_out};
use eventweir::{Error, ErrorKind, Result};
use mongodb::bson::{Document, doc};
use mongodb::error::{Error as MongoError, ErrorKind as MongoKind};
use mongodb::options::{ClientOptions, DatabaseOptions, ReadConcern, ReadPreference, WriteConcern};
use mongodb::{Client, Database};
use std::future::IntoFuture;
use std::time::Duration;

/// What the driver works with.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// Writes for a majority and its journals; reads from the primary what a majority has. Collections inherit it.
    pub(crate) database: Database,
    /// The client of the one change stream, since that holds a connection as long as it waits. `None` where there are no change streams.
    pub(crate) watcher: Option<Client>,
    pub(crate) deployment: Deployment,
    /// How long one call may take. The client itself waits for ever when a server stands still.
    pub(crate) timeout: Duration,
}

impl MongoConfig {
    /// Connects, and checks everything that can be checked at the start.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when only an operator can mend it, [`Unavailable`](ErrorKind::Unavailable) when nobody answers.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        let options = self.client_options().await?;
        let client = Client::with_options(options.clone()).map_err(|error| unusable(&error))?;
        let connected = self.check(&client, &options).await;
        match connected {
            Ok((database, deployment)) => {
                let watcher = deployment.has_change_streams().then(|| watcher(options)).transpose()?;
                Ok(Connection { database, watcher, deployment, timeout: self.timeout() })
            }
            Err(error) => {
                // Its monitors would go on for as long as anybody holds it.
                client.shutdown().immediate(true).await;
                Err(error)
            }
        }
    }

    async fn client_options(&self) -> Result<ClientOptions> {
        // A name that stands for several servers is looked up here.
        let parse = async { ClientOptions::parse(self.connection().clone()).await };
        let mut options = match tokio::time::timeout(self.timeout(), parse).await {
            Ok(Ok(options)) => options,
            Ok(Err(error)) => return Err(unusable(&error)),
            Err(_) => return Err(Error::new(ErrorKind::Unavailable, "the name service does not answer")),
        };
        self.apply(&mut options);
        Ok(options)
    }

    async fn check(&self, client: &Client, options: &ClientOptions) -> Result<(Database, Deployment)> {
        let admin = client.database("admin");
        let hello = match self.within(admin.run_command(doc! { "hello": 1 })).await? {
            Ok(hello) => hello,
            Err(error) => return Err(self.explain(&error, options).await),
        };
        if !is_new_enough(&hello) {
            return Err(too_old(&self.version(&admin).await));
        }
        let version = self.version(&admin).await;
        let deployment = Deployment::read(&hello, version);
        let database = client.database_with_options(self.database(), self.database_options());
        mark::check(self, &database).await?;
        Ok((database, deployment))
    }

    fn database_options(&self) -> DatabaseOptions {
        // The server gives up waiting for a majority before the call is given up here: then it says so.
        let concern = WriteConcern::builder()
            .w(mongodb::options::Acknowledgment::Majority)
            .journal(true)
            .w_timeout(self.timeout() * 3 / 4);
        DatabaseOptions::builder()
            .write_concern(concern.build())
            .read_concern(ReadConcern::majority())
            .selection_criteria(mongodb::options::SelectionCriteria::ReadPreference(ReadPreference::Primary))
            .build()
    }

    async fn version(&self, admin: &Database) -> Option<String> {
        let info = self.within(admin.run_command(doc! { "buildInfo": 1 })).await.ok()?.ok()?;
        info.get_str("version").ok().map(str::to_owned)
    }

    /// Awaits one call of the database, for as long as one may take.
    async fn within<T>(
        &self,
        call: impl IntoFuture<Output = mongodb::error::Result<T>, IntoFuture: Send>,
    ) -> Result<mongodb::error::Result<T>> {
        let call = call.into_future();
        tokio::time::timeout(self.timeout(), call).await.map_err(|_| {
            Error::new(ErrorKind::Unavailable, format!("MongoDB at {} does not answer", self.place()))
                .with_source(timed_out(Call::Read))
        })
    }

    /// Says why the first call failed. When no server was to be found, one is asked by itself.
    async fn explain(&self, error: &MongoError, options: &ClientOptions) -> Error {
        match &*error.kind {
            MongoKind::Authentication { .. } => self.stranger(options).with_source(error.to_string()),
            MongoKind::ServerSelection { message, .. } if message.contains("wire version") => {
                too_old(&None).with_source(message.clone())
            }
            MongoKind::ServerSelection { message, .. } => match self.not_trusted(message) {
                Some(error) => error.with_source(message.clone()),
                None => probe::explain(self, options).await.with_source(message.clone()),
            },
            _ => self.at_start(error),
        }
    }

    /// Says that a certificate is not trusted, if that is what is wrong. Only the words of the library below tell.
    fn not_trusted(&self, message: &str) -> Option<Error> {
        message.contains("certificate").then(|| {
            let why = "shows a certificate that is not trusted: see tlsCAFile= in the URL";
            Error::new(ErrorKind::Config, format!("the MongoDB server at {} {why}", self.place()))
        })
    }

    fn stranger(&self, options: &ClientOptions) -> Error {
        let source = options.credential.as_ref().and_then(|credential| credential.source.clone());
        let source = source.unwrap_or_else(|| "admin".to_owned());
        Error::new(
            ErrorKind::Config,
            format!(
                "MongoDB at {} refuses the user or the password; the user was looked for in the database {source:?}, and authSource= names another",
                self.place()
            ),
        )
    }

    /// Turns an error of a call at the start into one for an operator.
    fn at_start(&self, error: &MongoError) -> Error {
        match &*error.kind {
            MongoKind::Command(command) if command.code == 13 => self.not_allowed("use"),
            MongoKind::Command(command) if command.code == 18 => Error::new(
                ErrorKind::Config,
                format!("MongoDB at {} refuses the user or the password", self.place()),
            ),
            _ => map(error, Call::Read),
        }
    }

    fn not_allowed(&self, what: &str) -> Error {
        let who = match &self.connection().credential {
            Some(_) => "the user of the URL may not",
            None => "MongoDB wants a user and a password, and without them nobody may",
        };
        Error::new(
            ErrorKind::Config,
            format!(
                "{who} {what} the database {:?} at {}; the role readWrite on it is needed",
                self.database(),
                self.place()
            ),
        )
    }
}

fn watcher(mut options: ClientOptions) -> Result<Client> {
    options.max_pool_size = Some(2);
    Client::with_options(options).map_err(|error| unusable(&error))
}

fn too_old(version: &Option<String>) -> Error {
    let which = version.as_deref().unwrap_or("of this deployment");
    Error::new(ErrorKind::Config, format!("MongoDB {which} is too old: {LEAST_VERSION} or newer is needed"))
}

/// The options cannot be used, or the name service has no answer.
fn unusable(error: &MongoError) -> Error {
    match &*error.kind {
        MongoKind::DnsResolve { .. } => Error::new(
            ErrorKind::Unavailable,
            "the name of the MongoDB deployment is not known to the name service",
        ),
        MongoKind::InvalidArgument { message, .. } => {
            Error::new(ErrorKind::Config, format!("the storage URL is refused: {message}"))
        }
        MongoKind::InvalidTlsConfig { message, .. } => Error::new(
            ErrorKind::Config,
            format!("the TLS options of the storage URL cannot be used: {message}"),
        ),
        MongoKind::Io(error) => Error::new(
            ErrorKind::Config,
            format!("a file that the storage URL names cannot be read: {error}"),
        ),
        _ => map(error, Call::Read),
    }
    .with_source(error.kind.to_string())
}

/// Whatever `hello` answered that the probe needs.
type Hello = Document;
