//! Connecting: TCP, TLS where the URL asks for it, and the greeting.

use super::address::Address;
use super::config::{Protocol, RedisConfig, Tls};
use super::connection::{Broken, Connection};
use super::error;
use eventweir::{Error, ErrorKind, Result};
use redis::{Cmd, Value};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

/// Bytes to and from a server.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

pub(super) type Wire = Box<dyn Bytes>;

/// Makes connections as the configuration says.
pub(super) struct Connector {
    config: Arc<RedisConfig>,
    tls: Option<TlsConnector>,
}

/// Whether a connection is greeted as the configuration says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// With user, password and database.
    Full,
    /// With user and password: subscriptions and Sentinels know no database.
    NoDatabase,
    /// With nothing.
    None,
}

impl Connector {
    /// # Errors
    /// [`Config`](ErrorKind::Config) when the file of certificates cannot be used.
    pub(super) fn new(config: Arc<RedisConfig>) -> Result<Self> {
        let tls = config.tls.as_ref().map(tls).transpose()?;
        Ok(Self { config, tls })
    }

    /// Connects and logs in. Bounded by `connect_timeout`.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) when nobody answers, [`Config`](ErrorKind::Config) when who answers refuses.
    pub(super) async fn connect(&self, address: &Address, login: Login) -> Result<Connection> {
        let until = Instant::now() + self.config.connect_timeout;
        let greeted = async {
            let connection = Connection::new(self.wire(address).await?).await?;
            self.greet(&connection, address, login, until).await?;
            Ok(connection)
        };
        timeout_at(until, greeted).await.map_err(|_| self.silent(address))?
    }

    /// Connects without a word. The caller bounds the time.
    pub(super) async fn wire(&self, address: &Address) -> Result<Wire> {
        let tcp = TcpStream::connect((&*address.host, address.port))
            .await
            .map_err(|error| unreachable(address, &error.to_string()))?;
        // Calls are small and wait for their answers.
        tcp.set_nodelay(true).map_err(|error| unreachable(address, &error.to_string()))?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(tcp));
        };
        let name = ServerName::try_from(address.host.clone())
            .map_err(|_| Error::new(ErrorKind::Config, format!("{address} is no name for TLS")))?;
        let wire = tls.connect(name, tcp).await.map_err(|error| untrusted(address, &error))?;
        Ok(Box::new(wire))
    }

    async fn greet(
        &self,
        connection: &Connection,
        address: &Address,
        login: Login,
        until: Instant,
    ) -> Result<()> {
        for command in self.greeting(login) {
            let answer = connection.ask(&command, until).await.map_err(|broken| match broken {
                Broken::Late => self.silent(address),
                broken => broken.unavailable(address),
            })?;
            if let Value::ServerError(refused) = answer {
                return Err(error::refused_greeting(&refused, address, &self.config));
            }
        }
        Ok(())
    }

    fn silent(&self, address: &Address) -> Error {
        let over = if self.tls.is_some() { " over TLS: is it a TLS port?" } else { "" };
        Error::new(ErrorKind::Unavailable, format!("Redis at {address} does not answer{over}"))
    }

    /// Lists what a connection says first, each to be answered without an error.
    pub(super) fn greeting(&self, login: Login) -> Vec<Cmd> {
        let (user, password) = (self.config.user.as_deref(), self.config.password.as_deref());
        let mut commands = Vec::new();
        if login == Login::Full && self.config.protocol == Protocol::Resp3 {
            let mut hello = redis::cmd("HELLO");
            hello.arg(3);
            if let Some(password) = password {
                hello.arg("AUTH").arg(user.unwrap_or("default")).arg(password);
            }
            commands.push(hello);
        } else if login != Login::None
            && let Some(password) = password
        {
            let mut auth = redis::cmd("AUTH");
            if let Some(user) = user {
                auth.arg(user);
            }
            auth.arg(password);
            commands.push(auth);
        }
        if login == Login::Full && self.config.database != 0 {
            let mut select = redis::cmd("SELECT");
            select.arg(self.config.database);
            commands.push(select);
        }
        commands
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("config", &self.config).finish_non_exhaustive()
    }
}

fn tls(tls: &Tls) -> Result<TlsConnector> {
    let roots = match &tls.authorities {
        Some(file) => from_file(file)?,
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Internal, "TLS cannot be set up").with_source(error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn from_file(file: &Path) -> Result<RootCertStore> {
    let refused = |why: String| Error::new(ErrorKind::Config, format!("tls_ca={}: {why}", file.display()));
    let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| refused(format!("the certificates cannot be read: {error}")))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate).map_err(|error| refused(format!("a certificate is refused: {error}")))?;
    }
    if roots.is_empty() {
        return Err(refused("it holds no certificate".to_owned()));
    }
    Ok(roots)
}

fn unreachable(address: &Address, why: &str) -> Error {
    Error::new(ErrorKind::Unavailable, format!("Redis at {address} cannot be reached: {why}"))
}

/// A certificate does not mend itself; a connection that ends may.
fn untrusted(address: &Address, error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::InvalidData {
        let hint = "is it a TLS port, and its certificate one of tls_ca=FILE or of a known authority?";
        return Error::new(ErrorKind::Config, format!("TLS with Redis at {address} failed: {error}; {hint}"));
    }
    Error::new(ErrorKind::Unavailable, format!("TLS with Redis at {address} failed: {error}"))
}
