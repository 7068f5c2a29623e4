//! Connections are cut: before the write, in the middle of it, and after it.

use crate::load::Load;
use crate::support::*;
use eventweir_conformance::Proxy;
use eventweir_test_servers::mongo::MongoServer;
use std::time::Duration;
use tokio::time::sleep;

/// Puts a proxy before a server, and says how to go through it.
async fn through_a_proxy(server: &MongoServer) -> Option<(Proxy, String)> {
    let proxy = Proxy::start(server.address()?).await.unwrap();
    // Directly: the server would tell clients its own address.
    let url = format!(
        "mongodb://{}/{}?directConnection=true&heartbeatFrequencyMS=500",
        proxy.address(),
        MongoServer::new_database()
    );
    Some((proxy, url))
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_at_any_byte_a_commit_is_carried_out_once() {
    let Some(server) = MongoServer::killable().await.unwrap() else { return };
    let (proxy, url) = through_a_proxy(&server).await.unwrap();
    let storage = open(&url).await;
    publish(&storage, "first").await.unwrap();
    let mut ids = vec!["first".to_owned()];
    for bytes in [0, 1, 15, 16, 17, 20, 21, 40, 100, 200, 300, 400, 600] {
        let id = format!("request {bytes}");
        proxy.cut_requests(bytes);
        publish_stubbornly(&storage, &id).await;
        ids.push(id);
    }
    // Done, and the answer does not arrive whole.
    for bytes in [0, 1, 15, 16, 20, 21, 30, 60] {
        let id = format!("answer {bytes}");
        proxy.cut_answers(bytes);
        publish_stubbornly(&storage, &id).await;
        ids.push(id);
    }
    // No connection has an answer any more, for a while.
    proxy.cut_every_answer(true);
    let stubborn = tokio::spawn({
        let storage = storage.clone();
        async move { publish_stubbornly(&storage, "last").await }
    });
    sleep(Duration::from_millis(300)).await;
    proxy.cut_every_answer(false);
    stubborn.await.unwrap();
    ids.push("last".to_owned());
    assert_eq!(read_all(&storage).await, ids);
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_again_and_again_under_load_nothing_is_lost_doubled_or_reordered() {
    let Some(server) = MongoServer::killable().await.unwrap() else { return };
    let (proxy, url) = through_a_proxy(&server).await.unwrap();
    let storages = [open(&url).await, open(&url).await];
    let load = Load::start(&storages, 6, 40);
    let mut cuts = 0;
    while !load.is_done() && cuts < 60 {
        match cuts % 4 {
            0 => proxy.cut_answers(cuts * 7 % 50),
            1 => proxy.cut_requests(cuts * 31 % 900),
            2 => proxy.cut(cuts * 131 % 4000),
            _ => proxy.stall(Duration::from_millis(60)),
        }
        cuts += 1;
        sleep(Duration::from_millis(80)).await;
    }
    assert!(cuts > 10, "it was over after {cuts} cuts");
    load.finish(&open(&url).await).await;
}
