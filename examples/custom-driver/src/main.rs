//! Runs a broker on the driver. `cargo run -p custom-driver`

use custom_driver::ListStorage;
use eventweir::{Broker, ChannelName, Credentials, NewEvent, ReadQuery, Result, Selector, Start};

#[tokio::main]
async fn main() -> Result<()> {
    let broker = Broker::builder().storage(ListStorage::new()).build()?;
    let session = broker.session(&Credentials::Anonymous).await?;
    for number in 1..=3 {
        session.publish(NewEvent::new(ChannelName::new("/numbers")?, number.to_string())).await?;
    }
    let page = session.read(&ReadQuery::new(Selector::all(), Start::Earliest)).await?;
    println!("{} events, read up to {}", page.events.len(), page.position());
    broker.close().await
}
