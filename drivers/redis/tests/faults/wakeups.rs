//! Wake-ups that are lost and come back.

use super::support::*;
use eventweir::*;
use eventweir_redis::RedisStorage;
use eventweir_test_servers::redis::{RedisOptions, RedisServer};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::time::timeout;

/// Waits for a hint that says at least this head; others may come before.
async fn woken(hints: &mut BoxStream<'static, Wakeup>, head: Sequence) {
    let found = async {
        while let Some(hint) = hints.next().await {
            if hint.head.is_some_and(|said| said >= head) {
                return;
            }
        }
        panic!("the hints ended");
    };
    timeout(PATIENCE, found).await.expect("a hint with the head");
}

/// Publishes until a hint comes: the subscription may not be there yet.
async fn hears(reader: &mut BoxStream<'static, Wakeup>, writer: &RedisStorage, stream: &StreamName) {
    let mut number = 0;
    until("a publish is heard", async || {
        number += 1;
        let receipt = publish(writer, stream, &format!("{}-{number}", Timestamp::now())).await;
        let soon = tokio::time::Duration::from_millis(500);
        timeout(soon, woken(reader, receipt.head)).await.is_ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_subscription_loses_nothing_and_comes_back() {
    for protocol in ["resp2", "resp3"] {
        let server = RedisServer::start(RedisOptions::default()).await.unwrap();
        let url = format!("{}?protocol={protocol}", server.url());
        let (writer, reader) = (open(&url).await, open(&url).await);
        let streams: Vec<_> = (0..5).map(|n| StreamName::new(&format!("s{n}")).unwrap()).collect();
        let mut hints: Vec<_> = streams.iter().map(|stream| reader.wakeups(stream)).collect();
        for (stream, hints) in streams.iter().zip(&mut hints) {
            hears(hints, &writer, stream).await;
        }
        // One connection for all streams.
        let clients = server.ask(&["CLIENT", "LIST", "TYPE", "PUBSUB"]).await.unwrap().text();
        assert_eq!(clients.lines().count(), 1, "{clients}");

        server.ask(&["CLIENT", "KILL", "TYPE", "PUBSUB"]).await.unwrap();
        // Whether anybody is woken or not, what is published is there.
        let receipt = publish(&writer, &streams[0], "unheard").await;
        let found = page(&reader, &streams[0], Start::Earliest).await;
        assert_eq!(found.events.last().unwrap().sequence, receipt.head);
        for (stream, hints) in streams.iter().zip(&mut hints) {
            hears(hints, &writer, stream).await;
        }
        // Nobody listens: the subscriptions end.
        drop(hints);
        until("the subscriptions end", async || {
            server.ask(&["PUBSUB", "SHARDCHANNELS"]).await.unwrap().items().is_empty()
        })
        .await;
        let mut ended = reader.wakeups(&streams[0]);
        reader.close().await.unwrap();
        let end = timeout(PATIENCE, async { while ended.next().await.is_some() {} }).await;
        assert!(end.is_ok(), "hints end with the store");
    }
}
