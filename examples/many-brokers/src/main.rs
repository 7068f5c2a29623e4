//! 7. Many brokers on one store. `cargo run -p many-brokers -- redis://127.0.0.1`, or `mongodb://127.0.0.1/many`
//!
//! Three brokers, here in one program and elsewhere on three machines behind a load balancer, share nothing but the store. What is
//! published through two of them, by turns, is read on the third; that one is then closed, and its reader goes on at another
//! with the position that it has.

use eventweir::{
    Broker, ChannelName, Credentials, Delivery, Error, ErrorKind, NewEvent, Registry, Result, Selector,
    Session, Start, Subscription,
};
use eventweir_mongo::{MongoConfig, MongoStorage};
use eventweir_redis::{RedisConfig, RedisStorage};

const NUMBERS: u32 = 200;

/// Opens a broker of its own, with connections of its own.
async fn open(url: &str) -> Result<(Broker, Session)> {
    let registry = Registry::new()
        .with("redis", |url| async move { RedisStorage::open(RedisConfig::from_url(&url)?).await })
        .with("mongodb", |url| async move { MongoStorage::open(MongoConfig::from_url(&url)?).await });
    let broker = Broker::builder().storage(registry.open(url).await?).build()?;
    let session = broker.session(&Credentials::Anonymous).await?;
    Ok((broker, session))
}

/// Publishes numbers through two brokers by turns.
async fn publish(through: [&Session; 2], channel: &ChannelName, numbers: std::ops::Range<u32>) -> Result<()> {
    for (number, session) in numbers.zip(through.into_iter().cycle()) {
        session.publish(NewEvent::new(channel.clone(), number.to_string())).await?;
    }
    Ok(())
}

/// Takes the next numbers from a subscription, which must come in order and once.
async fn expect(subscription: &mut Subscription, numbers: std::ops::Range<u32>) -> Result<()> {
    let mut expected = numbers;
    while !expected.is_empty() {
        let Some(Delivery::Events(batch)) = subscription.next().await.transpose()? else {
            return Err(Error::new(ErrorKind::Internal, "something was missed"));
        };
        for event in batch.events() {
            if expected.next().is_none_or(|number| event.data != number.to_string()) {
                return Err(Error::new(ErrorKind::Internal, "something is not where it belongs"));
            }
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "redis://127.0.0.1".to_owned());
    let ((one, first), (two, second), (three, third)) = tokio::try_join!(open(&url), open(&url), open(&url))?;

    let numbers = ChannelName::new("/numbers")?;
    let mut on_third = third.subscribe(Selector::exact(numbers.clone()), Start::Latest).await?;
    tokio::try_join!(publish([&first, &second], &numbers, 0..NUMBERS), expect(&mut on_third, 0..NUMBERS))?;
    println!("{NUMBERS} numbers came through two brokers, and were read on the third, once and in order");

    let position = on_third.position().ok_or_else(|| Error::new(ErrorKind::Internal, "nothing was read"))?;
    three.close().await?;
    let mut on_second = second.subscribe(Selector::exact(numbers.clone()), Start::At(position)).await?;
    tokio::try_join!(
        publish([&first, &second], &numbers, NUMBERS..2 * NUMBERS),
        expect(&mut on_second, NUMBERS..2 * NUMBERS)
    )?;
    println!("the third broker is gone; its reader went on at the second, and missed nothing");
    tokio::try_join!(one.close(), two.close())?;
    Ok(())
}
