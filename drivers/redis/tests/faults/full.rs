//! A server without memory left.

use super::support::*;
use eventweir::*;
use eventweir_test_servers::redis::{RedisOptions, RedisServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_refuses_cleanly_and_a_trim_makes_room() {
    let options = RedisOptions::default().with_append_only("always").with_max_memory(6 << 20);
    let server = RedisServer::start(options).await.unwrap();
    let storage = open(&server.url()).await;
    let stream = main_stream();
    let big = |number: usize| {
        let id = EventId::new(&number.to_string()).unwrap();
        NewEvent::identified(id, ChannelName::new("/full").unwrap(), vec![b'x'; 20_000])
    };
    let mut kept = 0;
    let full = loop {
        match storage.commit(&stream, &Commit::append([big(kept)])).await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 1000, "6 MiB are full long before");
    };
    assert_eq!((full.kind(), full.effect()), (ErrorKind::StorageFull, Effect::NotApplied), "{full:?}");
    assert!(kept > 50, "{kept}");
    // What there is can be read, and what was refused is not there.
    let found = log(&storage, &stream).await;
    assert_eq!(found.len(), kept);
    assert!(found.iter().all(|event| event.data.len() == 20_000));
    let head = storage.bounds(&stream).await.unwrap().head;
    assert_eq!(head.get(), kept as u64);

    let half = Retention { max_events: Some(kept as u64 / 2), ..Retention::FOREVER };
    until("the trim has made room", async || {
        !storage.trim(&stream, &half, Timestamp::now()).await.unwrap().more
    })
    .await;
    let receipt = publish(&storage, &stream, &kept.to_string()).await;
    assert_eq!(receipt.events[0].sequence, head.next());
    let rest = log(&storage, &stream).await;
    assert_eq!(rest.len(), kept / 2 + 1);
    assert_eq!(rest.last().unwrap().id.to_string(), kept.to_string());
}
