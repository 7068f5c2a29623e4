//! Where a broker is.

use eventweir::{Error, ErrorKind, Result};
use http::Uri;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A socket that accepts no connection in this time is not the one.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// Says where a broker is, as whom to come, and which socket really leads there.
///
/// The two differ while the suite examines: clients speak to the broker by the name that people write, which is what stands in
/// `Host` and in certificates, and their bytes go through a proxy that cuts, stalls and splits.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    scheme: String,
    host: String,
    authority: String,
    path: String,
    socket: SocketAddr,
    token: Option<Arc<str>>,
    certificates: Option<Arc<str>>,
}

impl Address {
    /// Takes a URL (scheme, host, port, path) and the socket address that leads there.
    ///
    /// # Errors
    /// `InvalidInput` when the URL names no scheme and host, or has a user, a query or a fragment.
    pub fn new(url: &str, socket: SocketAddr) -> Result<Self> {
        let refused = |why: &str| Error::invalid(format!("the broker's URL cannot be used: {why}"));
        let uri: Uri = url.parse().map_err(|_| refused("it is no URL"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(refused("it begins with a scheme and a host, as http://host:port does"));
        };
        if authority.as_str().contains('@') {
            return Err(refused("it names no user; a token is given apart from it"));
        }
        if uri.query().is_some() || url.contains('#') {
            return Err(refused("it has no query and no fragment"));
        }
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            host: authority.host().to_owned(),
            authority: authority.to_string(),
            path: uri.path().trim_end_matches('/').to_owned(),
            socket,
            token: None,
            certificates: None,
        })
    }

    /// Takes a URL and asks the system where its host is. Of several sockets it takes the first that accepts a connection:
    /// `localhost` has two, and a broker may listen at one of them.
    ///
    /// # Errors
    /// As [`new`](Self::new); `InvalidInput` when a scheme other than `http` and `https` comes without a port, and
    /// `Unavailable` when the name leads nowhere.
    pub async fn resolve(url: &str) -> Result<Self> {
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let address = Self::new(url, nowhere)?;
        let port = address.port().ok_or_else(|| {
            Error::invalid("the broker's URL begins with http:// or https://, or names a port")
        })?;
        let host = address.host.trim_start_matches('[').trim_end_matches(']');
        let unknown = || Error::new(ErrorKind::Unavailable, format!("the name {host} leads nowhere"));
        let found = tokio::net::lookup_host((host, port)).await;
        let found: Vec<_> = found.map_err(|error| unknown().with_source(error))?.collect();
        let mut socket = *found.first().ok_or_else(unknown)?;
        for other in &found {
            if let Ok(Ok(_)) = timeout(CONNECT_TIME, TcpStream::connect(other)).await {
                socket = *other;
                break;
            }
        }
        Ok(address.through(socket))
    }

    /// Comes with a token.
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Trusts these certificates, in PEM, rather than the well-known authorities.
    pub fn with_certificates(mut self, pem: &str) -> Self {
        self.certificates = Some(pem.into());
        self
    }

    /// Leads there through another socket.
    pub fn through(mut self, socket: SocketAddr) -> Self {
        self.socket = socket;
        self
    }

    /// Returns the scheme, in lower case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Returns the host's name, as certificates have it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns host and port as they stand in the URL, and so in a `Host` header.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Returns the path before everything that the broker serves: empty, or from a slash on, without one at its end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the socket to connect to.
    pub fn socket(&self) -> SocketAddr {
        self.socket
    }

    /// Returns the token.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Returns the certificates to trust, in PEM; `None` for those of the well-known authorities.
    pub fn certificates(&self) -> Option<&str> {
        self.certificates.as_deref()
    }

    fn port(&self) -> Option<u16> {
        let written = self.authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        written.or(match self.scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path)
    }
}

impl fmt::Debug for Address {
    /// Leaves out the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self} at {})", self.socket)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails by a panic")]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart_and_odd_ones_refused() {
        let socket = SocketAddr::from(([127, 0, 0, 1], 9));
        let address = Address::new("HTTPS://broker.example:8443/weir/", socket).unwrap();
        assert_eq!((address.scheme(), address.host()), ("https", "broker.example"));
        assert_eq!((address.authority(), address.path()), ("broker.example:8443", "/weir"));
        assert_eq!(address.to_string(), "https://broker.example:8443/weir");
        assert_eq!(Address::new("http://[::1]", socket).unwrap().port(), Some(80));
        for bad in ["", "localhost:80", "http://", "http://me:secret@h", "http://h?x=1", "http://h/#x"] {
            let error = Address::new(bad, socket).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_name_leads_to_the_socket_that_answers() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = listener.local_addr().unwrap();
        let address = Address::resolve(&format!("http://localhost:{}", socket.port())).await.unwrap();
        assert_eq!(address.socket(), socket);
        assert!(Address::resolve("zmq://localhost").await.is_err());
    }

    #[test]
    fn the_token_is_not_printed() {
        let socket = SocketAddr::from(([127, 0, 0, 1], 9));
        let address = Address::new("http://h", socket).unwrap().with_token("hunter2");
        assert!(!format!("{address:?} {address}").contains("hunter2"));
    }
}
