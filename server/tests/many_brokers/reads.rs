//! A broker reads a stream once, however many follow it.

use crate::running::{Running, channel, event, events};
use crate::store::redis;
use eventweir_conformance::Client;
use eventweir_test_servers::redis::RedisServer;
use futures_util::future::join_all;

const PUBLICATIONS: usize = 100;
const MANY: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_followers_cost_the_store_no_more_reads_than_one() {
    let server = redis().await;
    // So seldom that the polls do not count.
    let running = Running::start(&server.url(), "30s").await;
    let channel = channel("/reads");
    let mut publisher = running.publisher(0).await;
    let mut followers = vec![running.follower(1, &channel).await];
    let one = reads_of(&server, &mut *publisher, &mut followers, 0).await;
    followers.extend(join_all((1..MANY).map(|_| running.follower(1, &channel))).await);
    let many = reads_of(&server, &mut *publisher, &mut followers, PUBLICATIONS).await;
    eprintln!("{PUBLICATIONS} publications: {one} commands with one follower, {many} with {MANY}");
    // Commands that keep connections alive are among them, so that the numbers are about the same. A read for each follower would
    // be thousands more.
    assert!(many < one * 2, "{one} commands with one follower, {many} with {MANY}");
}

/// Publishes on one broker, waits until the followers of another have seen it, and returns how many commands the store had to
/// carry out for both.
async fn reads_of(
    server: &RedisServer,
    publisher: &mut dyn Client,
    followers: &mut [Box<dyn Client>],
    from: usize,
) -> u64 {
    let channel = channel("/reads");
    let before = commands(server).await;
    for number in from..from + PUBLICATIONS {
        publisher.publish(&[event(&channel, number)]).await.unwrap();
        let seen = join_all(followers.iter_mut().map(|follower| events(&mut **follower, 1))).await;
        assert!(seen.iter().all(|seen| *seen == [number.to_string()]), "{seen:?}");
    }
    commands(server).await - before
}

/// Counts the commands that clients have sent, looks like this one included.
async fn commands(server: &RedisServer) -> u64 {
    server.info("total_commands_processed").await.unwrap().parse().unwrap()
}
