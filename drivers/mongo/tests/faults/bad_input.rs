//! What cannot work is refused at the start, in a sentence, and nothing is overwritten.

use crate::support::*;
use eventweir::*;
use eventweir_mongo::{MongoConfig, MongoStorage};
use eventweir_test_servers::mongo::{MongoServer, SimulatedReplicaSet};
use mongodb::bson::{Document, doc};
use std::net::{Ipv4Addr, TcpListener};

/// Opens a store that must be refused; returns the kind and the sentence.
async fn refusal(url: &str) -> (ErrorKind, String) {
    let config = MongoConfig::from_url(url).unwrap();
    let error = MongoStorage::open(config).await.expect_err("it is refused");
    assert_eq!(error.effect(), Effect::NotApplied);
    let said = error.to_string();
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    (error.kind(), said)
}

async fn refused_for_good(url: &str, words: &[&str]) {
    let (kind, said) = refusal(url).await;
    assert_eq!(kind, ErrorKind::Config, "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said:?}");
    }
}

#[tokio::test]
async fn users_without_the_right_are_refused() {
    let Some(mut server) = MongoServer::killable().await.unwrap() else { return };
    let admin = server.client().await.unwrap().database("admin");
    for (user, role) in [("reader", "read"), ("writer", "readWrite"), ("stranger", "none")] {
        let roles = if role == "none" { vec![] } else { vec![doc! { "role": role, "db": "events" }] };
        admin.run_command(doc! { "createUser": user, "pwd": "s3cret", "roles": roles }).await.unwrap();
    }
    server.restart_with(&["--auth"]).await.unwrap();
    let url = |user: &str| {
        let host = server.address().unwrap();
        format!("mongodb://{user}{host}/events?authSource=admin&replicaSet=secantus&heartbeatFrequencyMS=500")
    };
    refused_for_good(&url("writer:s3cretX@"), &["refuses the user or the password", "\"admin\""]).await;
    refused_for_good(&url("nobody:s3cret@"), &["refuses the user or the password"]).await;
    refused_for_good(&url("").replace("authSource=admin&", ""), &["wants a user and a password"]).await;
    refused_for_good(&url("reader:s3cret@"), &["may not write", "\"events\"", "readWrite"]).await;
    refused_for_good(&url("stranger:s3cret@"), &["may not", "\"events\"", "readWrite"]).await;
    let storage = open(&url("writer:s3cret@")).await;
    publish(&storage, "one").await.unwrap();
    assert!(!storage.deployment().contains("s3cret"));
    // Once it is there, one who may only read is refused as well.
    refused_for_good(&url("reader:s3cret@"), &["may not write"]).await;
    refused_for_good(&url("writer:s3cret@").replace("/events", "/others"), &["may not", "\"others\""]).await;
    assert_eq!(read_all(&storage).await, ["one"]);
}

#[tokio::test]
async fn a_replica_set_of_another_name_is_refused() {
    let Some(server) = MongoServer::killable().await.unwrap() else { return };
    let url = server.uri().replace("replicaSet=secantus", "replicaSet=other") + "&timeout=1s";
    refused_for_good(&url, &["\"secantus\"", "\"other\"", "replicaSet"]).await;
    let Some(alone) = MongoServer::own_with(&["--standalone"]).await.unwrap() else { return };
    let url = alone.uri() + "&replicaSet=rs0&timeout=1s";
    refused_for_good(&url, &["no replica set", "\"rs0\""]).await;
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused() {
    let Some(server) = MongoServer::killable().await.unwrap() else { return };
    // 6: older than the client itself talks to. 9: MongoDB 4.4.
    for version in [6, 9, 12] {
        let set = SimulatedReplicaSet::start(&server).await.unwrap();
        set.claim_wire_version(version);
        refused_for_good(&format!("{}&timeout=1s", set.uri()), &["too old", "5.0 or newer"]).await;
    }
}

#[tokio::test]
async fn encrypted_it_is_used_and_what_is_not_trusted_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for name in ["ours", "other"] {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(file(&format!("{name}.pem")), made.cert.pem()).unwrap();
        std::fs::write(file(&format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
    }
    let (certificate, key) = (file("ours.pem"), file("ours.key"));
    let arguments = ["--tls-cert-file", &certificate, "--tls-key-file", &key];
    let Some(server) = MongoServer::own_with(&arguments).await.unwrap() else { return };
    let url = |authority: &str| format!("{}&timeout=1s&tls=true&tlsCAFile={}", server.uri(), file(authority));
    let storage = open(&url("ours.pem")).await;
    publish(&storage, "one").await.unwrap();
    refused_for_good(&url("other.pem"), &["certificate", "tlsCAFile"]).await;
    refused_for_good(&url("missing.pem"), &["TLS options", "No such file"]).await;
    let Some(plain) = MongoServer::killable().await.unwrap() else { return };
    for url in [server.uri(), format!("{}&tls=true&tlsCAFile={certificate}", plain.uri())] {
        let (kind, said) = refusal(&format!("{url}&timeout=1s")).await;
        assert!(kind == ErrorKind::Unavailable && said.contains("tls="), "{said}");
    }
}

#[tokio::test]
async fn nobody_who_answers_is_told_as_such() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = nobody.local_addr().unwrap();
    // It takes connections, and says nothing. Then it is gone.
    let url = format!("mongodb://{address}/?timeout=500ms");
    let (kind, said) = refusal(&url).await;
    assert_eq!(kind, ErrorKind::Unavailable, "{said}");
    assert!(said.contains(&address.to_string()), "{said}");
    drop(nobody);
    let (kind, said) = refusal(&url).await;
    assert_eq!(kind, ErrorKind::Unavailable, "{said}");
    assert!(said.contains("no MongoDB server answers at"), "{said}");
}

#[tokio::test]
async fn another_programs_data_is_left_alone() {
    let server = MongoServer::start().await.unwrap();
    for collection in ["weir_log", "weir_streams", "weir_meta"] {
        let name = MongoServer::new_database();
        let database = server.client().await.unwrap().database(&name);
        let theirs = doc! { "_id": "theirs", "important": true };
        database.collection::<Document>(collection).insert_one(&theirs).await.unwrap();
        refused_for_good(&server.uri_of(&name), &[collection, "another program's data"]).await;
        assert_eq!(database.list_collection_names().await.unwrap(), [collection]);
        let found = database.collection::<Document>(collection).find_one(doc! {}).await.unwrap();
        assert_eq!(found, Some(theirs));
        server.drop_database(&name).await.unwrap();
    }
}

#[tokio::test]
async fn views_and_capped_collections_of_these_names_are_left_alone() {
    let server = MongoServer::start().await.unwrap();
    for create in [
        doc! { "create": "weir_log", "capped": true, "size": 4096 },
        doc! { "create": "weir_log", "viewOn": "something", "pipeline": [] },
    ] {
        let name = MongoServer::new_database();
        let database = server.client().await.unwrap().database(&name);
        database.run_command(create).await.unwrap();
        refused_for_good(&server.uri_of(&name), &["weir_log", "another program's data"]).await;
        server.drop_database(&name).await.unwrap();
    }
}

#[tokio::test]
async fn a_newer_format_is_left_alone() {
    let server = MongoServer::start().await.unwrap();
    let name = MongoServer::new_database();
    let url = server.uri_of(&name);
    let storage = open(&url).await;
    publish(&storage, "one").await.unwrap();
    storage.close().await.unwrap();
    let meta = server.client().await.unwrap().database(&name).collection::<Document>("weir_meta");
    meta.update_one(doc! {}, doc! { "$set": { "format": 1000 } }).await.unwrap();
    refused_for_good(&url, &["format 1000", "newer"]).await;
    assert_eq!(meta.find_one(doc! {}).await.unwrap().unwrap().get_i32("format").unwrap(), 1000);
    meta.update_one(doc! {}, doc! { "$set": { "format": "one" } }).await.unwrap();
    refused_for_good(&url, &["another program's data"]).await;
    server.drop_database(&name).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_start_at_once_on_an_empty_database_all_start() {
    let server = MongoServer::start().await.unwrap();
    let name = MongoServer::new_database();
    let url = server.uri_of(&name);
    let opened = futures_util::future::join_all((0..6).map(|_| open(&url))).await;
    for (number, storage) in opened.iter().enumerate() {
        publish(storage, &format!("e{number}")).await.unwrap();
    }
    assert_eq!(read_all(&opened[0]).await.len(), 6);
    server.drop_database(&name).await.unwrap();
}

#[tokio::test]
async fn an_event_that_no_document_holds_is_refused_and_the_next_is_taken() {
    let server = MongoServer::start().await.unwrap();
    let name = MongoServer::new_database();
    let storage = open(&server.uri_of(&name)).await;
    let channel = ChannelName::new("/large").unwrap();
    let large = Commit::append([NewEvent::new(channel, vec![b'x'; 17 << 20])]);
    let refused = storage.commit(&main_stream(), &large).await.unwrap_err();
    assert_eq!((refused.kind(), refused.effect()), (ErrorKind::TooLarge, Effect::NotApplied), "{refused:?}");
    publish(&storage, "small").await.unwrap();
    assert_eq!(read_all(&storage).await, ["small"]);
    server.drop_database(&name).await.unwrap();
}
