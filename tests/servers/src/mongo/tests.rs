use super::*;
use std::time::{Duration, Instant};

fn things(client: &Client, database: &str) -> mongodb::Collection<Document> {
    client.database(database).collection("things")
}

#[tokio::test]
async fn killed_and_restarted_it_listens_where_it_did_and_has_what_it_had() {
    let Some(mut server) = MongoServer::killable().await.unwrap() else { return };
    let (address, database) = (server.address(), MongoServer::new_database());
    let client = server.client().await.unwrap();
    things(&client, &database).insert_one(doc! { "_id": 1 }).await.unwrap();
    server.kill().await.unwrap();
    server.restart().await.unwrap();
    assert_eq!(server.address(), address);
    let found = things(&server.client().await.unwrap(), &database).count_documents(doc! {}).await.unwrap();
    assert_eq!(found, 1);
    server.stop().await.unwrap();
    server.restart_with(&["--standalone"]).await.unwrap();
    let hello =
        server.client().await.unwrap().database("admin").run_command(doc! { "hello": 1 }).await.unwrap();
    assert!(!hello.contains_key("setName"), "{hello}");
}

#[tokio::test]
async fn every_failure_happens_as_often_as_it_is_told() {
    let Some(server) = MongoServer::with_fail_points().await.unwrap() else { return };
    let client = Client::with_uri_str(format!("{}&retryWrites=false", server.uri())).await.unwrap();
    let things = client.database(&MongoServer::new_database()).collection::<Document>("things");
    server.fail(FailPoint::new(["insert"], &Failure::Code(10107)).times(1)).await.unwrap();
    let refused = things.insert_one(doc! { "_id": 1 }).await.unwrap_err();
    assert!(refused.to_string().contains("10107"), "{refused:?}");
    things.insert_one(doc! { "_id": 1 }).await.unwrap();
    server.fail(FailPoint::new(["insert"], &Failure::CloseConnection).times(1)).await.unwrap();
    things.insert_one(doc! { "_id": 2 }).await.unwrap_err();
    server.fail(FailPoint::new(["insert"], &Failure::WriteConcern(64)).times(1)).await.unwrap();
    things.insert_one(doc! { "_id": 3 }).await.unwrap_err();
    assert_eq!(things.count_documents(doc! {}).await.unwrap(), 2, "1 and 3, and not 2");
    let span = Duration::from_millis(200);
    server.fail(FailPoint::new(["find"], &Failure::Block(span))).await.unwrap();
    let start = Instant::now();
    things.find_one(doc! {}).await.unwrap();
    assert!(start.elapsed() >= span);
    server.clear().await.unwrap();
}
