//! What the tests share.

use eventweir::{Broker, BrokerBuilder, ChannelName, ContentType, Credentials, NewEvent, Session};
use eventweir_memory::MemoryStorage;
use eventweir_sse::{SseConfig, router};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::AbortHandle;

/// Long enough for any machine; only a failure ever waits for it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Serves event streams at a port of its own.
pub(crate) struct Served {
    pub(crate) broker: Broker,
    pub(crate) session: Session,
    pub(crate) address: SocketAddr,
    server: AbortHandle,
}

impl Served {
    pub(crate) async fn start() -> Self {
        Self::with(builder(), SseConfig::default()).await
    }

    pub(crate) async fn with_fast_heartbeat() -> Self {
        Self::with(builder(), SseConfig::default().with_heartbeat(Duration::from_millis(20))).await
    }

    pub(crate) async fn with(builder: BrokerBuilder, config: SseConfig) -> Self {
        let broker = builder.build().unwrap();
        let session = broker.session(&Credentials::Anonymous).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = router(broker.clone(), config);
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }).abort_handle();
        Self { broker, session, address, server }
    }

    pub(crate) async fn publish(&self, name: &str, data: impl ToString) -> u64 {
        self.publish_as("text/plain", name, data.to_string().as_bytes()).await
    }

    pub(crate) async fn publish_as(&self, content_type: &str, name: &str, data: &[u8]) -> u64 {
        let event = NewEvent::new(channel(name), data.to_vec())
            .with_content_type(ContentType::new(content_type).unwrap());
        self.session.publish(event).await.unwrap().events[0].sequence.get()
    }

    /// Returns the epoch's text.
    pub(crate) async fn epoch(&self) -> String {
        self.session.head(&eventweir::Selector::all()).await.unwrap().epoch.to_string()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub(crate) fn builder() -> BrokerBuilder {
    Broker::builder().storage(MemoryStorage::new())
}

pub(crate) fn channel(name: &str) -> ChannelName {
    ChannelName::new(name).unwrap()
}
