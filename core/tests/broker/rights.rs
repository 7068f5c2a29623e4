//! Sessions ask, and ask again.

use crate::common::*;
use eventweir::auth::{StaticTokens, TokenEntry, hash_token};
use eventweir::{Broker, Credentials, ErrorKind, Limits, ReadQuery, Scope, Selector, Source, Start};
use eventweir_memory::MemoryStorage;
use std::sync::Arc;
use std::time::Duration;

fn entry(name: &str, scope: &str) -> TokenEntry {
    TokenEntry {
        name: name.to_owned(),
        sha256: hash_token(name),
        read: vec![Scope::parse(scope).unwrap()],
        publish: vec![Scope::parse(scope).unwrap()],
        ..TokenEntry::default()
    }
}

#[tokio::test]
async fn a_right_taken_away_ends_a_subscription_before_its_next_delivery() {
    let auth = Arc::new(StaticTokens::new([entry("reader", "/**"), entry("writer", "/**")]).unwrap());
    let mut limits = Limits::default();
    limits.recheck = Duration::ZERO;
    let builder = Broker::builder().storage(MemoryStorage::new()).shared_auth(auth.clone()).limits(limits);
    let broker = builder.build().unwrap();
    let reader = broker.session(&Credentials::token("reader")).await.unwrap();
    let writer = broker.session(&Credentials::token("writer")).await.unwrap();
    let mut subscription = reader.subscribe(Selector::all(), Start::Latest).await.unwrap();
    writer.publish(event("/a", 1)).await.unwrap();
    assert_eq!(next_events(&mut subscription).await.len(), 1);
    auth.replace([entry("writer", "/**")]).unwrap();
    writer.publish(event("/a", 2)).await.unwrap();
    let ended = subscription.next().await.unwrap().unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn every_call_is_held_to_the_rights_of_its_channels() {
    let auth = StaticTokens::new([entry("eu", "/shop/eu")]).unwrap();
    let broker = Broker::builder().storage(MemoryStorage::new()).auth(auth).build().unwrap();
    assert_eq!(broker.session(&Credentials::Anonymous).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    let session = broker.session(&Credentials::token("eu")).await.unwrap();
    session.publish(event("/shop/eu", 1)).await.unwrap();
    let mixed = eventweir::Commit::append([event("/shop/eu", 2), event("/shop/us", 2)]);
    assert_eq!(session.commit(mixed).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
    let all = session.subscribe(Selector::all(), Start::Latest).await.unwrap_err();
    assert_eq!(all.kind(), ErrorKind::PermissionDenied);
    assert_eq!(session.streams().await.unwrap_err().kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn nobody_publishes_as_the_client_of_another() {
    let auth = StaticTokens::new([entry("shop", "/**"), entry("rival", "/**")]).unwrap();
    let broker = Broker::builder().storage(MemoryStorage::new()).auth(auth).build().unwrap();
    let shop = broker.session(&Credentials::token("shop")).await.unwrap();
    let rival = broker.session(&Credentials::token("rival")).await.unwrap();
    let source = |text: &str| Source::new(text).unwrap();
    for (session, claimed) in
        [(&shop, "till-1"), (&rival, "till-1"), (&rival, "shop/till-1"), (&shop, "shop/till-1")]
    {
        session.publish(event("/a", claimed).with_source(source(claimed))).await.unwrap();
    }
    let query = ReadQuery::new(Selector::all().except(source("till-1")), Start::Earliest);
    let others = shop.read(&query).await.unwrap();
    let sources: Vec<_> =
        others.events.iter().map(|event| event.source.clone().unwrap().to_string()).collect();
    assert_eq!(sources, ["rival/till-1", "rival/shop/till-1"]);
    let mut subscription = shop.subscribe(query.selector.clone(), Start::Earliest).await.unwrap();
    assert_eq!(next_events(&mut subscription).await.len(), 2);
}
