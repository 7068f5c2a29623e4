//! A server that comes back with less than it had acknowledged deceives nobody, and disturbs only those who saw what was lost.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use eventweir::{
    ChannelName, Commit, EventId, NewEvent, ReadQuery, Receipt, Reset, Selector, Start, Storage, StreamName,
};
use eventweir_redis::{RedisConfig, RedisStorage};
use eventweir_test_servers::redis::{RedisOptions, RedisServer};

async fn open(server: &RedisServer) -> RedisStorage {
    RedisStorage::open(RedisConfig::from_url(&server.url()).unwrap()).await.unwrap()
}

/// Publishes until it is acknowledged: a connection that was lost is noticed by the first call that needs it.
async fn publish(storage: &RedisStorage, id: &str) -> Receipt {
    let channel = ChannelName::new("/a").unwrap();
    let event = NewEvent::identified(EventId::new(id).unwrap(), channel, id.to_owned());
    let commit = Commit::append([event]);
    loop {
        match storage.commit(&StreamName::main(), &commit).await {
            Err(error) if error.is_retryable() => tokio::task::yield_now().await,
            done => return done.unwrap(),
        }
    }
}

/// Reads by both ways there are, the log's and a channel's, which have to agree.
async fn read(storage: &RedisStorage, start: Start) -> (Vec<u64>, Option<Reset>) {
    let page = async |selector| {
        let page = storage.read(&StreamName::main(), &ReadQuery::new(selector, start)).await.unwrap();
        (page.events.iter().map(|event| event.sequence.get()).collect::<Vec<_>>(), page.reset)
    };
    let all = page(Selector::all()).await;
    assert_eq!(page(Selector::exact(ChannelName::new("/a").unwrap())).await, all);
    all
}

#[tokio::test]
async fn a_restart_without_loss_is_not_noticed() {
    let mut server = RedisServer::start(RedisOptions::default().with_append_only("always")).await.unwrap();
    let storage = open(&server).await;
    let before = publish(&storage, "1").await;
    server.restart().await.unwrap();
    let after = publish(&storage, "2").await;
    assert_ne!(after.epoch, before.epoch, "another incarnation of the data has another epoch");
    assert_eq!(read(&storage, Start::At(before.position())).await, (vec![2], None));
    assert!(publish(&storage, "1").await.events[0].duplicate);
}

#[tokio::test]
async fn only_who_saw_what_was_lost_is_told() {
    let mut server = RedisServer::start(RedisOptions::default()).await.unwrap();
    let storage = open(&server).await;
    let kept = publish(&storage, "1").await;
    server.ask(&["SAVE"]).await.unwrap();
    let lost = publish(&storage, "2").await;
    server.restart().await.unwrap();

    // Until somebody commits, nothing that is shown was ever anything else.
    assert_eq!(storage.bounds(&StreamName::main()).await.unwrap().position(), kept.position());
    let again = publish(&storage, "3").await;
    assert_eq!(again.head, lost.head, "the sequence is given out again, in another epoch");
    assert_eq!(read(&storage, Start::At(kept.position())).await, (vec![2], None));
    let reset = Reset { refused: lost.position(), epoch: again.epoch };
    assert_eq!(read(&storage, Start::At(lost.position())).await, (vec![1, 2], Some(reset)));

    // And once more: each epoch that went on is known by its own end.
    server.ask(&["SAVE"]).await.unwrap();
    server.restart().await.unwrap();
    let last = publish(&storage, "4").await;
    for (position, expected) in [(kept.position(), vec![2, 3]), (again.position(), vec![3])] {
        assert_eq!(read(&storage, Start::At(position)).await, (expected, None));
    }
    let reset = Reset { refused: lost.position(), epoch: last.epoch };
    assert_eq!(read(&storage, Start::At(lost.position())).await, (vec![1, 2, 3], Some(reset)));
}

#[tokio::test]
async fn a_deletion_is_counted_in_an_epoch_of_its_own_once_others_may_be_lost() {
    let mut server = RedisServer::start(RedisOptions::default()).await.unwrap();
    let storage = open(&server).await;
    let kept = publish(&storage, "1").await;
    server.ask(&["SAVE"]).await.unwrap();
    let delete = async |name| {
        let channel = ChannelName::new(name).unwrap();
        loop {
            match storage.catalog().unwrap().delete_channel(&StreamName::main(), &channel).await {
                Err(error) if error.is_retryable() => tokio::task::yield_now().await,
                done => return done.unwrap(),
            }
        }
    };
    assert_eq!(delete("/a").await, 1);
    let before = storage.bounds(&StreamName::main()).await.unwrap();
    server.restart().await.unwrap();
    assert_eq!(delete("/a").await, 1, "the deletion was lost with the server");
    let after = storage.bounds(&StreamName::main()).await.unwrap();
    assert_eq!(after.deletions, before.deletions);
    assert_ne!(after.epoch, before.epoch, "the same count stands for another deletion");
    assert_eq!(read(&storage, Start::At(kept.position())).await, (vec![], None));
}
