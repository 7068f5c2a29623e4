//! A running broker, and what the suite made in it.

use crate::client::Target;
use crate::failure::{Failure, Result, with_causes};
use eventweir::{ChannelName, ErrorKind, NewEvent, async_trait};
use eventweir_conformance::clients::{RemoteHost, native_polling};
use eventweir_conformance::{Address, Host, HostAbilities};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A broker that answers does so in milliseconds.
const PATIENCE: Duration = Duration::from_secs(12);

/// A broker at a URL, and the channels that could not be removed yet.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    url: String,
    host: RemoteHost,
    left: Arc<Mutex<Vec<ChannelName>>>,
}

impl Remote {
    /// Takes a broker.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub(super) fn new(target: &Target) -> Result<Self> {
        let mut host = RemoteHost::new(&target.url, target.token.as_deref());
        if let Some(file) = &target.ca {
            let pem = std::fs::read_to_string(file)
                .map_err(|error| Failure::usage(format!("--ca {}: {error}", file.display())))?;
            host = host.with_certificates(&pem);
        }
        Ok(Self { url: target.url.clone(), host, left: Arc::default() })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Looks whether a broker answers there, and whether the suite may do what it has to: publish, read, and remove what it
    /// published.
    ///
    /// # Errors
    /// When not, in a sentence.
    pub(super) async fn look(&self) -> Result<()> {
        let shown = crate::config::masked_url(&self.url);
        let looked = tokio::time::timeout(PATIENCE, self.try_out()).await.unwrap_or_else(|_| {
            Err(format!("nothing that is a broker answers within {} seconds", PATIENCE.as_secs()))
        });
        looked.map_err(|why| Failure::usage(format!("--url {shown} cannot be examined: {why}")))
    }

    async fn try_out(&self) -> std::result::Result<(), String> {
        let address = self.host.start().await.map_err(|error| told(&error, "read"))?;
        let own = ChannelName::new(&format!("/conformance-{}/first-look", Uuid::new_v4()));
        let own = own.map_err(|error| error.to_string())?;
        // Removing what is not there shows that what will be there can be removed, before it is.
        self.host.remove(&own).await.map_err(|error| told(&error, "remove channels"))?;
        let mut client = native_polling().connect(address).await.map_err(|error| told(&error, "publish"))?;
        let published = client.publish(&[NewEvent::new(own.clone(), "")]).await;
        let removed = self.host.remove(&own).await;
        published.map_err(|error| told(&error, "publish"))?;
        removed.map_err(|error| told(&error, "remove channels"))
    }

    /// Removes what properties could not remove.
    ///
    /// # Errors
    /// When some is left; it is named.
    pub(super) async fn sweep(&self) -> Result<()> {
        let left = std::mem::take(&mut *self.left.lock());
        for made in left {
            let cleaned = tokio::time::timeout(PATIENCE, self.host.clean(&made)).await;
            let why = match cleaned {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => with_causes(&error),
                Err(_) => "the broker does not answer".to_owned(),
            };
            return Err(Failure::failed(format!("the channels below {made} could not be removed: {why}")));
        }
        Ok(())
    }
}

/// Says why something cannot be done, and what would help.
fn told(error: &eventweir::Error, what: &str) -> String {
    let why = with_causes(error);
    match error.kind() {
        ErrorKind::Unauthenticated => format!("{why}; give a token by --token or WEIR_TOKEN"),
        ErrorKind::PermissionDenied => {
            format!(
                "the token may not {what} there, which the suite must: {why}; an administrator's token may"
            )
        }
        _ => why,
    }
}

#[async_trait]
impl Host for Remote {
    fn abilities(&self) -> HostAbilities {
        self.host.abilities()
    }

    async fn start(&self) -> eventweir::Result<Address> {
        self.host.start().await
    }

    async fn remove(&self, channel: &ChannelName) -> eventweir::Result<()> {
        self.host.remove(channel).await
    }

    async fn clean(&self, made: &ChannelName) -> eventweir::Result<()> {
        self.left.lock().push(made.clone());
        self.host.clean(made).await?;
        self.left.lock().retain(|left| left != made);
        Ok(())
    }
}
