//! Keeps web pages of other origins from using the server through their visitors' browsers.
//!
//! A page may send requests to any address its visitor reaches, loopback included. Three headers, which pages cannot forge, tell
//! where a request comes from:
//!
//! - `Host` is the name the browser called. A page that had its own name point to this machine (DNS rebinding) is known by it.
//! - `Origin` is the page's origin, on every request that changes something or wants its answer readable.
//! - `Sec-Fetch-Site` tells how far the page is away, also where there is no `Origin`: `<script>`, `<img>`, `<form>`.
//!
//! Programs other than browsers send neither of the last two, and are let through.

mod cors;
mod host;

use crate::{Problem, WebConfig};
use host::{HostRules, Name};
use http::header::{HOST, HeaderName, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};

pub(crate) use cors::{add_headers, preflight};

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Decides which requests are let in, by where they say they come from.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    hosts: HostRules,
    origins: Origins,
    secure: bool,
}

#[derive(Clone, Debug)]
enum Origins {
    Listed(Vec<String>),
    All,
}

/// Says whose request was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Visitor {
    /// A program, or a page of the server's own origin.
    Own,
    /// A page of another origin, which is allowed: it needs CORS headers to read the answer.
    Foreign(HeaderValue),
}

impl Guard {
    /// Makes the guard that a configuration describes, for a server that listens where it says.
    pub(crate) fn new(config: &WebConfig) -> Self {
        let origins = match config.allowed_origins.iter().any(|origin| origin == "*") {
            true => Origins::All,
            false => Origins::Listed(config.allowed_origins.clone()),
        };
        let loopback = config.listen.ip().to_canonical().is_loopback();
        let hosts = HostRules::new(loopback, &config.allowed_hosts);
        Self { hosts, origins, secure: config.tls.is_some() }
    }

    /// Returns whether pages of other origins may be let in at all, so that answers differ by origin.
    pub(crate) fn has_foreign_origins(&self) -> bool {
        matches!(&self.origins, Origins::All)
            || matches!(&self.origins, Origins::Listed(list) if !list.is_empty())
    }

    /// Decides about a request.
    ///
    /// # Errors
    /// `host_missing` (400), `host_not_allowed` (421), `origin_not_allowed` (403).
    pub(crate) fn check(
        &self,
        method: &Method,
        uri: &Uri,
        version: Version,
        headers: &HeaderMap,
    ) -> Result<Visitor, Problem> {
        let host = self.check_host(uri, version, headers)?;
        match single(headers, &ORIGIN).map_err(|()| foreign())? {
            Some(origin) => self.check_origin(origin, host),
            None => check_site(method, headers).map(|()| Visitor::Own),
        }
    }

    /// Checks every name the request calls the server by, and returns the one that counts: that of an absolute address (or of
    /// HTTP/2's `:authority`) before the header's. Only HTTP/1.0 may call it by none.
    fn check_host<'a>(
        &self,
        uri: &'a Uri,
        version: Version,
        headers: &'a HeaderMap,
    ) -> Result<Option<Name<'a>>, Problem> {
        let header = single(headers, &HOST).map_err(|()| malformed_host())?;
        let called = match header {
            Some(value) => Some(Name::parse(value.as_bytes()).ok_or_else(malformed_host)?),
            None => None,
        };
        let absolute = match uri.authority() {
            Some(authority) => Some(Name::parse(authority.as_str().as_bytes()).ok_or_else(malformed_host)?),
            None => None,
        };
        if called.is_none() && absolute.is_none() && version != Version::HTTP_10 {
            return Err(malformed_host());
        }
        match [called, absolute].into_iter().flatten().find(|name| !self.hosts.allow(name)) {
            Some(name) => Err(misdirected(&name)),
            None => Ok(absolute.or(called)),
        }
    }

    fn check_origin(&self, origin: &HeaderValue, host: Option<Name<'_>>) -> Result<Visitor, Problem> {
        let text = origin.to_str().map_err(|_| foreign())?;
        if host.is_some_and(|host| host.is_origin(text, self.secure)) {
            return Ok(Visitor::Own);
        }
        let allowed = match &self.origins {
            // A page without an origin of its own (a sandbox, a file) may be anybody's.
            Origins::All => text != "null",
            Origins::Listed(list) => list.iter().any(|one| one.eq_ignore_ascii_case(text)),
        };
        if allowed { Ok(Visitor::Foreign(origin.clone())) } else { Err(foreign()) }
    }
}

/// Decides about a request without an origin by what the browser says of the page's distance. Following a link to the server is
/// allowed: the page that has the link sees nothing of the answer, and a GET changes nothing.
fn check_site(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let is = |name: &HeaderName, value: &str| headers.get(name).is_some_and(|found| found == value);
    match headers.get(&SEC_FETCH_SITE).map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        _ if method == Method::GET && is(&SEC_FETCH_MODE, "navigate") && is(&SEC_FETCH_DEST, "document") => {
            Ok(())
        }
        _ => Err(foreign()),
    }
}

/// Returns a header's only value; two values mean that somebody on the way may see another one than we do.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (first, None) => Ok(first),
        _ => Err(()),
    }
}

fn malformed_host() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "host_missing", "a request needs one well-formed Host header")
}

fn misdirected(name: &Name<'_>) -> Problem {
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "host_not_allowed",
        format!("this server is not called {name}; its operator can add the name to allowed_hosts"),
    )
}

fn foreign() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "origin_not_allowed",
        "web pages of other origins may not use this server; its operator can add theirs to allowed_origins",
    )
}

#[cfg(test)]
mod tests;
