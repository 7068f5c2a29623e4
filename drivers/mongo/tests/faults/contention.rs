//! Several processes write the same stream at once; here, several storages with nothing in common but the database.

use crate::load::Load;
use crate::support::*;
use eventweir::*;
use eventweir_mongo::MongoStorage;
use eventweir_test_servers::mongo::MongoServer;

async fn opened(url: &str, storages: usize) -> Vec<MongoStorage> {
    let mut opened = Vec::new();
    for _ in 0..storages {
        opened.push(open(url).await);
    }
    opened
}

#[tokio::test(flavor = "multi_thread")]
async fn two_and_three_storages_commit_to_one_stream_without_a_hole() {
    let server = MongoServer::start().await.unwrap();
    for storages in [2, 3] {
        let database = MongoServer::new_database();
        let url = server.uri_of(&database);
        let opened = opened(&url, storages).await;
        Load::start(&opened, storages * 8, 15).finish(&opened[0]).await;
        server.drop_database(&database).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_published_everywhere_at_once_is_one_event() {
    let server = MongoServer::start().await.unwrap();
    let database = MongoServer::new_database();
    let opened = opened(&server.uri_of(&database), 3).await;
    for round in 0..20 {
        let id = format!("round {round}");
        let racers = opened.iter().map(|storage| publish_plainly(storage.clone(), id.clone()));
        let mut appended = futures_util::future::join_all(racers).await;
        appended.sort_by_key(|appended| appended.duplicate);
        assert_eq!(appended[0].sequence.get(), round + 1);
        assert!(appended.iter().all(|other| other.sequence == appended[0].sequence));
        assert_eq!(appended.iter().filter(|appended| !appended.duplicate).count(), 1);
    }
    assert_eq!(read_all(&opened[0]).await.len(), 20);
    server.drop_database(&database).await.unwrap();
}

async fn publish_plainly(storage: MongoStorage, id: String) -> Appended {
    publish(&storage, &id).await.unwrap().events[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_that_expect_the_same_head_one_commits() {
    let server = MongoServer::start().await.unwrap();
    let database = MongoServer::new_database();
    let opened = opened(&server.uri_of(&database), 3).await;
    for round in 0..20_u64 {
        let expect = Expect::Head(Sequence::new(round).unwrap());
        let race = opened.iter().enumerate().map(|(number, storage)| {
            let commit = Commit::append([event(&format!("{round}-{number}"))]).with_expect(expect.clone());
            async move { storage.commit(&StreamName::main(), &commit).await }
        });
        let results = futures_util::future::join_all(race).await;
        let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1, "round {round}");
        for lost in lost {
            assert_eq!(lost.unwrap_err().kind(), ErrorKind::Conflict);
        }
    }
    assert_eq!(read_all(&opened[0]).await.len(), 20);
    server.drop_database(&database).await.unwrap();
}
