//! A broker, and the proxy on the way to it.

use super::{Address, Host};
use crate::{Failure, Proxy};
use eventweir::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::sleep;

/// Leads clients to one broker, wherever it is started again.
pub(super) struct Line {
    pub(super) host: Box<dyn Host>,
    pub(super) proxy: Proxy,
    /// How clients come to the broker; the socket is that of the proxy.
    entry: Mutex<Address>,
    /// Where the broker is now; `None` while it is away. Another one that is started may be elsewhere.
    broker: Mutex<Option<Address>>,
}

impl Line {
    /// Starts a broker, and a proxy before it.
    pub(super) async fn open(host: Box<dyn Host>) -> Result<Self, Failure> {
        let address =
            host.start().await.map_err(|error| Failure::of_call("the broker cannot be used", &error))?;
        let proxy = Proxy::start(address.socket()).await;
        let proxy =
            proxy.map_err(|error| Failure::new(format!("the suite cannot start a proxy: {error}")))?;
        let entry = Mutex::new(address.clone().through(proxy.address()));
        Ok(Self { host, proxy, entry, broker: Mutex::new(Some(address)) })
    }

    /// Returns the way through the proxy, which hangs up while the broker is away.
    pub(super) fn entry(&self) -> Address {
        self.entry.lock().clone()
    }

    /// Returns the way past the proxy, unless the broker is away.
    pub(super) fn straight(&self) -> Option<Address> {
        self.broker.lock().clone()
    }

    pub(super) fn is_away(&self) -> bool {
        self.broker.lock().is_none()
    }

    /// Ends the broker in good order, and starts it again.
    pub(super) async fn restart(&self) -> Result<()> {
        self.leave_it();
        self.host.stop().await?;
        self.start_again().await
    }

    /// Ends the broker as a crash would.
    pub(super) async fn kill(&self) -> Result<()> {
        self.leave_it();
        self.host.kill().await
    }

    /// Starts the broker again, and leads new connections to it.
    pub(super) async fn start_again(&self) -> Result<()> {
        let address = self.host.start().await?;
        self.proxy.retarget(address.socket());
        *self.entry.lock() = address.clone().through(self.proxy.address());
        *self.broker.lock() = Some(address);
        Ok(())
    }

    /// Lets the broker stand still for a time.
    pub(super) async fn pause(&self, span: Duration) -> Result<()> {
        self.host.pause().await?;
        sleep(span).await;
        self.host.resume().await
    }

    fn leave_it(&self) {
        self.broker.lock().take();
    }
}

/// What is said when no broker of several is there.
pub(super) fn nobody() -> Error {
    Error::new(ErrorKind::Unavailable, "every broker is away")
}
