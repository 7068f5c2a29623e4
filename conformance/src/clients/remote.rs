//! A broker that runs already, as its users have it.

use super::call::{Answer, Call};
use super::connection::Connection;
use super::encode::{self, Query};
use super::failure;
use crate::delivery::{Address, Host, HostAbilities};
use bytes::Bytes;
use eventweir::{ChannelName, Error, ErrorKind, Result, async_trait};
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use serde::Deserialize;

/// A broker at a URL, spoke to through its public API alone: a black box.
///
/// The suite makes channels of its own there, removes those and nothing else. What it may trim or begin anew it must be told to
/// be [alone](Self::alone) with.
#[derive(Clone, Debug)]
pub struct RemoteHost {
    place: Place,
    alone: bool,
}

#[derive(Clone, Debug)]
enum Place {
    Url { url: String, token: Option<String>, certificates: Option<String> },
    Known(Address),
}

impl RemoteHost {
    /// Finds the broker at a URL: scheme, host, port and the path before `/v1`.
    pub fn new(url: &str, token: Option<&str>) -> Self {
        let (url, token) = (url.to_owned(), token.map(str::to_owned));
        Self { place: Place::Url { url, token, certificates: None }, alone: false }
    }

    /// Takes a broker whose address is known.
    pub fn at(address: Address) -> Self {
        Self { place: Place::Known(address), alone: false }
    }

    /// Trusts these certificates, in PEM, rather than the well-known authorities.
    pub fn with_certificates(mut self, pem: &str) -> Self {
        match &mut self.place {
            Place::Url { certificates, .. } => *certificates = Some(pem.to_owned()),
            Place::Known(address) => *address = address.clone().with_certificates(pem),
        }
        self
    }

    /// Says that nobody else uses the broker, and that nothing in it is of value: the suite trims its streams then, and removes
    /// them. The token must be an administrator's.
    pub fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    async fn address(&self) -> Result<Address> {
        let Place::Url { url, token, certificates } = &self.place else {
            let Place::Known(address) = &self.place else { return Err(Error::invalid("there is no broker")) };
            return Ok(address.clone());
        };
        let mut address = Address::resolve(url).await?;
        if let Some(token) = token {
            address = address.with_token(token);
        }
        if let Some(pem) = certificates {
            address = address.with_certificates(pem);
        }
        Ok(address)
    }

    /// Makes a call and returns its answer, if it is not a refusal.
    async fn ask(&self, call: Call) -> Result<Answer> {
        let answer = Connection::new(self.address().await?).call(&call).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(failure::refused(&answer)) }
    }

    /// As [`ask`](Self::ask), for something that may be gone already.
    async fn ask_to_remove(&self, target: String) -> Result<()> {
        match self.ask(Call::new(Method::DELETE, target)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    async fn streams(&self) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Streams {
            streams: Vec<String>,
        }
        let answer = self.ask(Call::get("/v1/streams")).await?;
        let list: Streams = serde_json::from_slice(&answer.body).map_err(failure::not_understood)?;
        Ok(list.streams)
    }

    /// Lists some channels at and below one. A broker that lists others is not believed.
    async fn channels(&self, top: &ChannelName) -> Result<Vec<ChannelName>> {
        #[derive(Deserialize)]
        struct Channels {
            channels: Vec<Channel>,
        }
        #[derive(Deserialize)]
        struct Channel {
            name: ChannelName,
        }
        let query = Query::default().with("channel", format_args!("subtree:{top}"));
        let answer = self.ask(Call::get(query.behind("/v1/channels"))).await?;
        let list: Channels = serde_json::from_slice(&answer.body).map_err(failure::not_understood)?;
        let names: Vec<_> = list.channels.into_iter().map(|channel| channel.name).collect();
        match names.iter().find(|name| !name.is_within(top)) {
            Some(other) => {
                Err(failure::not_understood(format!("asked for what is below {top}, it names {other}")))
            }
            None => Ok(names),
        }
    }
}

#[async_trait]
impl Host for RemoteHost {
    fn abilities(&self) -> HostAbilities {
        let mine = self.alone;
        HostAbilities { remove: true, trim: mine, begin_anew: mine, ..HostAbilities::NONE }
    }

    /// Asks for a page that is empty, to see that a broker of this kind answers there.
    async fn start(&self) -> Result<Address> {
        let address = self.address().await?;
        let answer =
            Connection::new(address.clone()).call(&Call::get("/v1/events/conformance?limit=1")).await?;
        let is_page = || serde_json::from_slice::<Page>(&answer.body).is_ok();
        match answer.status {
            StatusCode::OK if is_page() => Ok(address),
            _ => Err(failure::problem(&answer.body).unwrap_or_else(|| {
                let what = format!("{address} does not answer as a broker does, but {}", answer.status);
                Error::new(ErrorKind::Config, what)
            })),
        }
    }

    async fn remove(&self, channel: &ChannelName) -> Result<()> {
        self.ask_to_remove(format!("/v1/channels{}", encode::path(channel.as_str()))).await
    }

    async fn trim(&self, keep: u64) -> Result<()> {
        for stream in self.streams().await? {
            let body = Bytes::from(format!("{{\"max_events\":{keep}}}"));
            let call = Call::new(Method::POST, format!("/v1/streams/{stream}/trim"));
            self.ask(call.with(CONTENT_TYPE, "application/json")?.with_body(body)).await?;
        }
        Ok(())
    }

    async fn begin_anew(&self) -> Result<()> {
        for stream in self.streams().await? {
            self.ask_to_remove(format!("/v1/streams/{stream}")).await?;
        }
        Ok(())
    }

    async fn clean(&self, made: &ChannelName) -> Result<()> {
        loop {
            let channels = self.channels(made).await?;
            if channels.is_empty() {
                return Ok(());
            }
            for channel in channels {
                self.remove(&channel).await?;
            }
        }
    }
}

/// What makes a page one.
#[derive(Deserialize)]
#[allow(dead_code, reason = "it is looked at only for being there")]
struct Page {
    events: Vec<serde::de::IgnoredAny>,
    position: String,
    more: bool,
}
