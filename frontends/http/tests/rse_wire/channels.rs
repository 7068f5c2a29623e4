//! Defects of channels, D16 to D20, done right.

use crate::support::{PANEL, Server, Setup};

async fn with_events(setup: Setup, channels: &[&str]) -> Server {
    let server = setup.start().await;
    for channel in channels {
        server.publish(channel, "[]").await;
    }
    server
}

#[tokio::test]
async fn d16_all_is_no_pattern() {
    let setup = Setup::new().config(|config| config.with_strict_channels(false));
    let server = with_events(setup, &["/shop/eu", "/shop/europe", "/shop/eu/x", "/secret"]).await;
    assert_eq!(server.ids("/shop/eu?events=all").await, [1, 3]);
    assert_eq!(server.ids("/shop?events=all").await, [1, 2, 3]);
    assert_eq!(server.get("/.?events=all").await.status, 400);
    assert_eq!(server.get("/.*?events=all").await.status, 400);
    assert_eq!(server.get("/shop/eu(?events=all").await.status, 204);
    assert_eq!(server.get("/sho.?events=all").await.status, 204);
}

#[tokio::test]
async fn d17_parents_end_in_a_segment() {
    let channels = ["/a", "/a/", "/a/b", "/a/b/", "/a//b", "/a/b/c"];
    let server = with_events(Setup::new(), &channels).await;
    assert_eq!(server.ids("/a/b/c?events=parent").await, [1, 3, 6]);
    assert_eq!(server.ids("/a/b/?events=parent").await, [1, 3, 4]);
    assert_eq!(server.ids("/a//b?events=parent").await, [1, 5]);
    for (at, channel) in channels.iter().enumerate() {
        assert_eq!(server.ids(channel).await, [at as u64 + 1], "each is a channel of its own");
        let odd = server.get(&format!("{channel}?events=Parent")).await;
        assert_eq!(odd.ids(), [at as u64 + 1], "an unknown word means exact");
    }
}

#[tokio::test]
async fn d18_the_character_rule_is_enforced() {
    let server = Server::start().await;
    for refused in ["/a.b", "/a%20b", "/odd/~user", "/%C3%A4", "/a%25", "/a%zz", "/a:b", "/a/..%2fb"] {
        server.get(refused).await.refuses(400, "Invalid channel name");
        server.post(refused, "[1]").await.refuses(400, "Invalid channel name");
    }
    server.get("/%ff").await.refuses(400, "Invalid channel name");
    let long = format!("/{}", "a".repeat(1024));
    server.get(&long).await.refuses(400, "Invalid channel name");
    assert_eq!(server.publish("/A_b-1%2fx", "[1]").await, 1);
    let answer = server.get("/A_b-1/x").await;
    assert_eq!(answer.json()["channel"], "/A_b-1/x");
    assert_eq!(server.get("/a_b-1/x").await.status, 204);
}

#[tokio::test]
async fn other_names_are_taken_where_the_operator_says_so() {
    let setup = Setup::new().config(|config| config.with_strict_channels(false));
    let server = with_events(setup, &["/a.b", "/odd/%7euser", "/%C3%A4"]).await;
    assert_eq!(server.ids("/odd/~user").await, [2]);
    assert_eq!(server.get("/%c3%a4").await.json()["channel"], "/ä");
    server.get("/a%20b").await.refuses(400, "Invalid channel name");
    server.get("/a%00").await.refuses(400, "Invalid channel name");
}

#[tokio::test]
async fn d19_events_say_their_channel_when_asked() {
    let server = with_events(Setup::new(), &["/a", "/a/b"]).await;
    let plain = server.get("/a/b?events=parent").await;
    assert!(plain.events().iter().all(|event| event.get("channel").is_none()));
    assert_eq!(plain.header("x-rse-version"), None);
    let by_query = server.get("/a/b?events=parent&channels=true").await;
    let version = [("X-RSE-Version", "2026-11-01")];
    let by_version = server.get_with("/a/b?events=parent", &version).await;
    for answer in [by_query, by_version] {
        let channels: Vec<_> = answer.events().iter().map(|event| event["channel"].clone()).collect();
        assert_eq!(channels, ["/a", "/a/b"]);
        assert_eq!(answer.header("x-rse-version"), Some("2026-11-01"));
    }
    let unknown = server.get_with("/a", &[("X-RSE-Version", "1999-01-01")]).await;
    assert_eq!(unknown.header("x-rse-version"), None);
}

#[tokio::test]
async fn d20_the_dump_is_bounded_names_channels_and_shadows_nothing() {
    let test_mode = || Setup::new().config(|config| config.with_test_mode(true));
    let server = with_events(test_mode(), &["/a", "/b", "/c"]).await;
    let dump = server.send("GET", "/all", &[], b"").await;
    let events = dump.json();
    assert_eq!(events[1]["channel"], "/b");
    assert_eq!(events.as_array().unwrap().len(), 3);
    let newest = server.send("GET", "/all?sort=-1&max-events=1", &[], b"").await;
    assert_eq!((newest.json()[0]["id"].as_u64(), newest.header("x-rse-more")), (Some(3), Some("true")));
    let rest = server.send("GET", "/all?last-known-id=2", &[], b"").await;
    assert_eq!(rest.json().as_array().unwrap().len(), 1);
    server.send("GET", "/all?sort=2", &[], b"").await.refuses(400, "Query parameter is 1 or -1: sort");
    let refused = server.post("/all", "[1]").await;
    refused.refuses(405, "POST");
    assert_eq!(refused.header("allow"), Some("GET"));
    let empty = test_mode().start().await.send("GET", "/all", &[], b"").await;
    assert_eq!((empty.status, empty.text()), (200, "[]"));
}

#[tokio::test]
async fn in_live_mode_all_is_an_ordinary_channel() {
    let server = with_events(Setup::new(), &["/all", "/b"]).await;
    assert_eq!(server.ids("/all").await, [1]);
}

#[tokio::test]
async fn in_test_mode_clients_without_an_id_share_one() {
    let server = Setup::new().config(|config| config.with_test_mode(true)).start().await;
    let plain = [("User-Agent", "plain/1")];
    assert_eq!(server.send("POST", "/a", &plain, b"[1]").await.status, 201);
    assert_eq!(server.send("GET", "/a", &plain, b"").await.status, 204);
    assert_eq!(server.send("GET", "/a?echo=true", &plain, b"").await.ids(), [1]);
    assert_eq!(server.send("GET", "/a", &[("User-Agent", PANEL)], b"").await.ids(), [1]);
    let named = [("User-Agent", "x uuid/550e8400-dead-beef-dead-446655440000")];
    assert_eq!(server.send("GET", "/a", &named, b"").await.status, 204);
    server.send("GET", "/a", &[], b"").await.refuses(400, "Missing header: User-Agent");
}
