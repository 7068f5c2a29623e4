//! Whom an address lets in: beyond loopback only with TLS and authentication, unless the operator says otherwise by name.

use eventweir::{Error, ErrorKind, Result};
use serde::Deserialize;
use std::net::SocketAddr;

/// Names what a server beyond loopback may do without.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Permissions {
    /// Listen without TLS, so that everyone on the way can read along, tokens included. Default false.
    pub without_tls: bool,
    /// Listen without authentication, so that everyone who reaches the address can do everything. Default false.
    pub without_auth: bool,
}

impl Permissions {
    /// Permits an address beyond loopback to do without TLS: behind a proxy that has it, for one.
    pub fn with_plaintext(mut self) -> Self {
        self.without_tls = true;
        self
    }

    /// Permits an address beyond loopback to let everyone in.
    pub fn with_anonymous(mut self) -> Self {
        self.without_auth = true;
        self
    }
}

/// Agrees to an address, by returning `Ok`: every address of loopback, and any other that has TLS and authentication or the
/// permission to do without.
///
/// # Errors
/// [`Config`](ErrorKind::Config), with the option that would permit it.
pub fn check_exposure(
    listen: SocketAddr,
    has_tls: bool,
    has_auth: bool,
    permissions: &Permissions,
) -> Result<()> {
    if listen.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    if !has_auth && !permissions.without_auth {
        return Err(refusal(listen, "authentication", "configure tokens", "without_auth"));
    }
    if !has_tls && !permissions.without_tls {
        return Err(refusal(listen, "TLS", "set tls.certificate and tls.key", "without_tls"));
    }
    Ok(())
}

fn refusal(listen: SocketAddr, lacking: &str, remedy: &str, option: &str) -> Error {
    let sentence = format!(
        "{listen} can be reached from other machines and has no {lacking}: \
         {remedy}, listen on 127.0.0.1, or permit it by insecure_listen.{option} = true"
    );
    Error::new(ErrorKind::Config, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_loopback_only_with_tls_and_auth_or_by_name() {
        let none = Permissions::default;
        for (listen, tls, auth, permissions, lacking) in [
            ("127.0.0.1:0", false, false, none(), None),
            ("127.8.0.1:0", false, false, none(), None),
            ("[::1]:0", false, false, none(), None),
            ("[::ffff:127.0.0.1]:0", false, false, none(), None),
            ("0.0.0.0:0", true, true, none(), None),
            ("0.0.0.0:0", true, false, none(), Some("without_auth")),
            ("0.0.0.0:0", false, true, none(), Some("without_tls")),
            ("[::]:0", false, false, none(), Some("without_auth")),
            ("192.168.1.5:0", false, false, none().with_anonymous(), Some("without_tls")),
            ("192.168.1.5:0", false, true, none().with_plaintext(), None),
            ("192.168.1.5:0", false, false, none().with_plaintext().with_anonymous(), None),
        ] {
            let outcome = check_exposure(listen.parse().unwrap(), tls, auth, &permissions);
            match lacking {
                None => assert!(outcome.is_ok(), "{listen} {outcome:?}"),
                Some(option) => {
                    let sentence = outcome.unwrap_err().to_string();
                    assert!(sentence.contains(&format!("insecure_listen.{option} = true")), "{sentence}");
                    assert!(sentence.contains(listen.split(':').next().unwrap()), "{sentence}");
                }
            }
        }
    }
}
