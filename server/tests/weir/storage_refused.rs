//! Stores that cannot be used: one clear sentence, exit code 2, nothing touched.

use crate::support::{Broker, Ran, Stopping, fake, run_in};
use eventweir_test_servers::mongo::MongoServer;
use eventweir_test_servers::redis::{RedisOptions, RedisServer};
use mongodb::bson::{Document, doc};
use std::path::Path;

/// What no message may show: the password, and the pieces that careless parsing cuts it into.
const PASSWORD: [&str; 3] = ["hunter2", "hun?ter2", "hun/ter2"];

/// Starts a broker that must not start, and returns its one sentence.
fn refused(storage: &str, more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [&["serve", "--http", "127.0.0.1:0", "--storage", storage], more].concat();
    let Ran { code, stdout, stderr } = run_in(folder.path(), &[], &arguments);
    let given = format!("{storage} {more:?} gave {code:?} {stderr}");
    assert_eq!(code, Some(2), "{given}");
    assert_eq!(stdout, "", "it must not say that it is ready: {given}");
    assert!(!stderr.contains("panicked"), "{given}");
    for pieces in PASSWORD.map(|password| password.split(['?', '/'])) {
        let shown = pieces.into_iter().find(|piece| piece.len() > 2 && stderr.contains(piece));
        assert_eq!(shown, None, "{given}");
    }
    assert_eq!(stderr.lines().filter(|line| line.starts_with("weir: ")).count(), 1, "{given}");
    let sentence = stderr.lines().last().unwrap_or_default();
    assert!(sentence.starts_with("weir: "), "{given}");
    println!("{sentence}");
    sentence.to_owned()
}

#[track_caller]
fn assert_refused(storage: &str, words: &[&str]) {
    assert_says(&refused(storage, &[]), words);
}

#[track_caller]
fn assert_says(sentence: &str, words: &[&str]) {
    let (lower, missing) = (sentence.to_lowercase(), |word: &&&str| !sentence.contains(**word));
    let missing: Vec<_> = words.iter().filter(missing).filter(|word| !lower.contains(**word)).collect();
    assert!(missing.is_empty(), "{missing:?} is missing: {sentence}");
}

#[test]
fn urls_that_make_no_sense() {
    for (url, words) in [
        ("redis:127.0.0.1", &["storage.url", "redis://"][..]),
        ("redis://", &["HOST"]),
        ("redis://127.0.0.1:99999", &["HOST:PORT"]),
        ("redis://127.0.0.1/shop", &["database", "shop"]),
        ("redis://127.0.0.1,127.0.0.2", &["redis+cluster://", "redis+sentinel://"]),
        ("redis://127.0.0.1?wait=many", &["wait", "many"]),
        ("redis://127.0.0.1?durability=disk", &["durability", "known are", "prefix"]),
        ("redis+sentinel://127.0.0.1", &["master"]),
        ("redis+cluster://127.0.0.1/3", &["cluster", "database 0"]),
        ("redis://hunter2@127.0.0.1", &[":PASSWORD@"]),
        ("redis://:hun?ter2@127.0.0.1", &["percent"]),
        ("redis://:hun/ter2@", &["storage.url"]),
        ("mongodb://", &["storage.url"]),
        ("mongodb://u:hun?ter2@127.0.0.1/weir", &["storage.url"]),
        ("mongodb://u:hun/ter2@127.0.0.1/weir", &["storage.url"]),
        ("mongodb://127.0.0.1/weir?durability=disk", &["durability", "dedup_window"]),
    ] {
        assert_refused(url, words);
    }
}

#[test]
fn nobody_is_there() {
    // Nobody listens on port 1.
    assert_refused("redis://:hunter2@127.0.0.1:1", &["127.0.0.1:1"]);
    assert_refused("redis+cluster://127.0.0.1:1", &["127.0.0.1:1"]);
    assert_refused("redis+sentinel://127.0.0.1:1/main", &["127.0.0.1:1"]);
    assert_refused("mongodb://u:hunter2@127.0.0.1:1/weir", &["127.0.0.1:1"]);
}

#[test]
fn something_else_is_there() {
    let (web, silent) = (fake::web_server(), fake::silent());
    assert_refused(&format!("redis://{web}"), &["redis"]);
    assert_refused(&format!("redis://{silent}"), &[&silent.to_string()]);
    assert_refused(&format!("mongodb://{web}/weir"), &[&web.to_string()]);
    assert_refused(&format!("mongodb://{silent}/weir"), &[&silent.to_string()]);
}

#[test]
fn a_redis_that_is_too_old() {
    let old = fake::redis_of_version("6.2.14");
    assert_refused(&format!("redis://{old}"), &["6.2.14", "7.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_wants_another_password() {
    let server = RedisServer::start(RedisOptions::default().with_password("open sesame")).await.unwrap();
    let address = server.address();
    assert_refused(&format!("redis://:hunter2@{address}"), &["password"]);
    assert_refused(&format!("redis://weir:hunter2@{address}"), &["password"]);
    assert_refused(&format!("redis://{address}"), &["password"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_user_who_may_not() {
    let server = RedisServer::start(RedisOptions::default()).await.unwrap();
    for rights in ["~other:* &* +@all", "~weir:* &* +@read"] {
        let command = ["ACL", "SETUSER", "weir", "reset", "on", ">hunter2"];
        let command: Vec<_> = command.into_iter().chain(rights.split(' ')).collect();
        server.ask(&command).await.unwrap();
        assert_refused(&format!("redis://weir:hunter2@{}", server.address()), &["user"]);
    }
    assert_eq!(server.ask(&["DBSIZE"]).await.unwrap().number(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_of_another_kind() {
    let alone = RedisServer::start(RedisOptions::default()).await.unwrap();
    let address = alone.address();
    assert_refused(&format!("redis+cluster://{address}"), &["cluster", "redis://"]);
    assert_refused(&format!("redis+sentinel://{address}/main"), &["sentinel"]);
    assert_refused(&format!("redis://{address}/99"), &["99"]);
    assert_refused(&format!("rediss://{address}"), &[&address]);
    let replica = RedisOptions::default().with_replica_of(&format!("127.0.0.1 {}", alone.port()));
    let replica = RedisServer::start(replica).await.unwrap();
    assert_refused(&replica.url(), &["replica"]);
    let node = RedisServer::start(RedisOptions::default().with("cluster-enabled", "yes")).await.unwrap();
    assert_refused(&node.url(), &["redis+cluster://"]);
    let forgetful = RedisOptions::default().with_max_memory(1 << 26).with("maxmemory-policy", "allkeys-lru");
    let forgetful = RedisServer::start(forgetful).await.unwrap();
    assert_refused(&forgetful.url(), &["allkeys-lru", "noeviction"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_promises_too_little() {
    let server = RedisServer::start(RedisOptions::default()).await.unwrap();
    let sentence =
        |required: &str| refused(&server.url(), &["--set", &format!("storage.requires={required}")]);
    assert_says(&sentence("process"), &["`volatile`", "`process`", "appendonly"]);
    assert_says(&sentence("disk"), &["`disk`", "appendfsync always"]);
    server.ask(&["CONFIG", "SET", "appendonly", "yes"]).await.unwrap();
    assert_says(&sentence("disk"), &["`process`", "`disk`", "appendfsync always"]);
    server.ask(&["CONFIG", "SET", "appendfsync", "always"]).await.unwrap();
    assert_says(&sentence("replicated"), &["`disk`", "`replicated`", "wait=1"]);
    let folder = tempfile::tempdir().unwrap();
    let enough = ["--storage", &server.url(), "--set", "storage.requires=disk"];
    let broker = Broker::start(folder.path(), &enough);
    assert!(
        broker.log().contains("durability disk") && broker.log().contains("appendfsync always"),
        "{}",
        broker.log()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_program_stands_in_the_way() {
    let server = RedisServer::start(RedisOptions::default()).await.unwrap();
    for command in [
        &["SET", "weir:{main}:meta", "mine"][..],
        &["RPUSH", "weir:{main}:meta", "mine"],
        &["HSET", "weir:{main}:meta", "owner", "me"],
        &["SET", "weir:streams", "mine"],
    ] {
        server.ask(&["FLUSHALL"]).await.unwrap();
        server.ask(command).await.unwrap();
        let before = server.ask(&["DUMP", command[1]]).await.unwrap();
        refused(&server.url(), &[]);
        assert_eq!(server.ask(&["DUMP", command[1]]).await.unwrap(), before, "{command:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_data_in_the_same_redis_is_left_alone() {
    let server = RedisServer::start(RedisOptions::default()).await.unwrap();
    server.ask(&["SET", "session:1", "theirs"]).await.unwrap();
    server.ask(&["RPUSH", "weirdness", "theirs"]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path(), &["--storage", &server.url()]);
    assert_eq!(broker.publish("/a", "one"), 1);
    run_in(folder.path(), &[], &["channels", "delete", "/a", "--url", &broker.url]).done();
    broker.signal(Stopping::Politely);
    assert_eq!(broker.wait().code(), Some(0));
    assert_eq!(server.ask(&["GET", "session:1"]).await.unwrap().text(), "theirs");
    assert_eq!(server.ask(&["LRANGE", "weirdness", "0", "-1"]).await.unwrap().items().len(), 1);
}

/// Makes a server that asks for a password, with users of some roles.
async fn guarded_mongo() -> Option<MongoServer> {
    let mut server = MongoServer::killable().await.unwrap()?;
    let admin = server.client().await.unwrap().database("admin");
    for (user, role) in [("weir", "readWriteAnyDatabase"), ("reader", "readAnyDatabase")] {
        let roles = [doc! { "role": role, "db": "admin" }];
        let command = doc! { "createUser": user, "pwd": "open sesame", "roles": roles.to_vec() };
        admin.run_command(command).await.unwrap();
    }
    server.restart_with(&["--auth"]).await.unwrap();
    Some(server)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mongodb_that_wants_another_password() {
    let Some(server) = guarded_mongo().await else { return };
    let address = server.address().unwrap();
    let url = |login: &str| format!("mongodb://{login}{address}/weir?replicaSet=secantus&authSource=admin");
    assert_refused(&url("weir:hunter2@"), &["password"]);
    assert_refused(&url("nobody:hunter2@"), &["password"]);
    assert_refused(&url(""), &["password"]);
    assert_refused(&url("reader:open%20sesame@"), &["may not"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mongodb_of_another_kind() {
    let Some(server) = MongoServer::killable().await.unwrap() else { return };
    let address = server.address().unwrap();
    assert_refused(&format!("mongodb://{address}/weir?replicaSet=other"), &["other"]);
    assert_refused(&format!("mongodb://{address}/weir?tls=true"), &[&address.to_string()]);
    let url = server.uri();
    let sentence = refused(&url, &["--set", "storage.requires=replicated"]);
    assert_says(&sentence, &["`disk`", "`replicated`", "replica set"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_of_another_program_stand_in_the_way() {
    let server = MongoServer::start().await.unwrap();
    let name = MongoServer::new_database();
    let database = server.client().await.unwrap().database(&name);
    let theirs = doc! { "_id": "mine", "owner": "me" };
    for collection in ["weir_log", "weir_streams", "weir_meta"] {
        let collection = database.collection::<Document>(collection);
        collection.insert_one(&theirs).await.unwrap();
        assert_refused(&server.uri_of(&name), &[collection.name()]);
        assert_eq!(collection.find_one(doc! {}).await.unwrap().as_ref(), Some(&theirs));
        assert_eq!(collection.count_documents(doc! {}).await.unwrap(), 1);
        database.drop().await.unwrap();
    }
    server.drop_database(&name).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn other_data_in_the_same_mongodb_is_left_alone() {
    let server = MongoServer::start().await.unwrap();
    let name = MongoServer::new_database();
    let theirs = server.client().await.unwrap().database(&name).collection::<Document>("orders");
    theirs.insert_one(doc! { "_id": 1, "theirs": true }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path(), &["--storage", &server.uri_of(&name)]);
    assert_eq!(broker.publish("/a", "one"), 1);
    assert_eq!(theirs.count_documents(doc! {}).await.unwrap(), 1);
    server.drop_database(&name).await.unwrap();
}

/// A store is looked at by every command that takes its URL, and told in the same words.
#[tokio::test(flavor = "multi_thread")]
async fn the_conformance_command_refuses_the_same() {
    let server = RedisServer::start(RedisOptions::default().with_password("open sesame")).await.unwrap();
    let url = format!("redis://:hunter2@{}", server.address());
    let ran = run_in(Path::new("."), &[], &["conformance", "--storage", &url]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("password") && !ran.stderr.contains("hunter2"), "{ran:?}");
}
