//! One authenticated request on a channel.

use super::params::Params;
use super::refusal::Refusal;
use super::service::Service;
use eventweir::{ChannelName, Credentials, Session};
use eventweir_web::{MAX_TOKEN_BYTES, credentials};
use http::HeaderMap;

/// Holds what the answers to a request are made of.
pub(super) struct Call<'a> {
    pub(super) service: &'a Service,
    pub(super) session: &'a Session,
    pub(super) headers: &'a HeaderMap,
    pub(super) params: &'a Params<'a>,
    /// The decoded path.
    pub(super) path: &'a str,
}

impl Call<'_> {
    /// Returns whether anyone might have sent this: nobody had to prove who it is, whatever token came along.
    pub(super) fn is_anonymous(&self) -> bool {
        self.session.principal().is_anonymous()
    }

    /// Returns the channel that the path names.
    pub(super) fn channel(&self) -> Result<ChannelName, Refusal> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-');
        if self.service.config.strict_channels && !self.path.bytes().all(plain) {
            return Err(Refusal::bad_request(
                "Invalid channel name: it has letters, digits, /, _ and - and nothing else",
            ));
        }
        ChannelName::new(self.path)
            .map_err(|error| Refusal::bad_request(format!("Invalid channel name: {}", error.message())))
    }
}

/// Reads the credentials of a request: from its headers, or from the query, for script tags cannot set headers.
///
/// A malformed token is one that nobody issued.
pub(super) fn presented(headers: &HeaderMap, params: &Params<'_>) -> Result<Credentials, Refusal> {
    match credentials(headers).map_err(|_| Refusal::unauthorized())? {
        Credentials::Anonymous => {}
        in_headers => return Ok(in_headers),
    }
    let Some(token) = params.last("access_token").map_err(|_| Refusal::unauthorized())? else {
        return Ok(Credentials::Anonymous);
    };
    if token.is_empty() || token.len() > MAX_TOKEN_BYTES || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Refusal::unauthorized());
    }
    Ok(Credentials::token(&token))
}
