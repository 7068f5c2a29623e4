//! 1. A broker in memory: one event in, one event out. `cargo run -p hello-broker`

use eventweir::{Broker, ChannelName, Credentials, Delivery, NewEvent, Result, Selector, Start};
use eventweir_memory::MemoryStorage;

#[tokio::main]
async fn main() -> Result<()> {
    let broker = Broker::builder().storage(MemoryStorage::new()).build()?;

    // A session is the only way in. Here everyone is let in; see `custom-auth`.
    let session = broker.session(&Credentials::Anonymous).await?;

    let orders = ChannelName::new("/orders/eu")?;
    let mut subscription = session.subscribe(Selector::subtree(orders.clone()), Start::Latest).await?;

    let receipt = session.publish(NewEvent::json(orders, &"first order")?).await?;
    println!("published at {}", receipt.position());

    if let Some(Delivery::Events(batch)) = subscription.next().await.transpose()? {
        for event in batch.events() {
            println!("received {} from {}", String::from_utf8_lossy(&event.data), event.channel);
        }
    }
    broker.close().await
}
