use super::*;
use mongodb::Client;
use mongodb::bson::{Document, doc};

#[tokio::test]
async fn clients_follow_the_primary_and_answers_get_lost() {
    let Some(server) = MongoServer::killable().await.unwrap() else { return };
    let set = SimulatedReplicaSet::start(&server).await.unwrap();
    let client = Client::with_uri_str(set.uri()).await.unwrap();
    let things = client.database(&MongoServer::new_database()).collection::<Document>("things");
    things.insert_one(doc! { "_id": 0 }).await.unwrap();
    for id in 1..=4 {
        set.depose();
        let written = tokio::spawn({
            let things = things.clone();
            async move { things.insert_one(doc! { "_id": id }).await }
        });
        set.elect(id as usize);
        written.await.unwrap().unwrap();
    }
    // The client repeats these by itself: they are done once.
    set.next("insert", 1, Mishap::AfterExecution);
    things.insert_one(doc! { "_id": 5 }).await.unwrap();
    set.next("insert", 1, Mishap::BeforeExecution);
    things.insert_one(doc! { "_id": 6 }).await.unwrap();
    assert_eq!(things.count_documents(doc! {}).await.unwrap(), 7);
    let happened = set.happened();
    assert_eq!((happened.elections, happened.lost_requests), (4, 1));
    assert!(happened.lost_answers >= 1, "{happened:?}");
}
