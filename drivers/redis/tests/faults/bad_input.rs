//! What is not as the URL says gets a clear sentence at the start, and nothing is overwritten.

use super::support::*;
use eventweir::ErrorKind::{Config, Unavailable};
use eventweir::*;
use eventweir_test_servers::redis::{RedisOptions, RedisSentinel, RedisServer};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Asserts what an attempt to open says.
async fn says(url: &str, kind: ErrorKind, words: &[&str]) {
    let error = refused(url).await;
    assert_eq!(error.kind(), kind, "{url}: {error:?}");
    assert_eq!(error.effect(), Effect::NotApplied);
    let text = format!("{error} {error:?}");
    for word in words {
        assert!(error.to_string().contains(word), "{url}: {error:?}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn logins_databases_and_rights() {
    let server = RedisServer::start(RedisOptions::default().with_password("right")).await.unwrap();
    let at = server.address();
    for protocol in ["resp2", "resp3"] {
        let with = format!("protocol={protocol}");
        says(&format!("redis://:hunter2@{at}?{with}"), Config, &["refuses the password"]).await;
        says(&format!("redis://nobody:hunter2@{at}?{with}"), Config, &["refuses the user \"nobody\""]).await;
        says(&format!("redis://{at}?{with}"), Config, &["asks for a password"]).await;
        says(&format!("redis://:right@{at}/99?{with}"), Config, &["has no database 99"]).await;
        open(&format!("redis://:right@{at}/3?{with}")).await;
    }
    for (rules, words) in [
        ("+@all -xadd", "XADD"),
        ("+@all -evalsha -eval", "EVALSHA"),
        ("+@all -spublish", "SPUBLISH"),
        ("+@all -info", "INFO"),
        ("+@all -config", ""),
    ] {
        let mut command = vec!["ACL", "SETUSER", "some", "reset", "on", ">hunter2", "~*", "&*"];
        command.extend(rules.split(' '));
        server.ask(&command).await.unwrap();
        let url = format!("redis://some:hunter2@{at}");
        if words.is_empty() {
            // Without CONFIG the driver assumes the weaker sync.
            open(&url).await;
        } else {
            says(&url, Config, &[words]).await;
        }
    }
    // Keys of another prefix.
    server
        .ask(&["ACL", "SETUSER", "some", "reset", "on", ">hunter2", "~other:*", "&*", "+@all"])
        .await
        .unwrap();
    says(&format!("redis://some:hunter2@{at}"), Config, &["~weir:*"]).await;
    assert!(server.ask(&["KEYS", "*"]).await.unwrap().items().is_empty(), "nothing was written");
}

#[tokio::test]
async fn servers_of_another_kind() {
    let mut set = RedisSentinel::start(RedisOptions::default(), 1).await.unwrap();
    let (master, replica) = (set.servers()[0].address(), set.servers()[1].address());
    let sentinel = set.sentinels()[0].address();
    says(&format!("redis://{replica}"), Config, &["is a replica of", "name the master"]).await;
    says(&format!("redis://{sentinel}"), Config, &["is a Sentinel", "redis+sentinel://"]).await;
    says(&format!("redis+sentinel://{sentinel}/other"), Config, &["knows no master \"other\""]).await;
    says(&format!("redis+sentinel://{master}/mymaster"), Config, &["is no Sentinel", "redis://"]).await;
    says(&format!("redis+cluster://{master}"), Config, &["no node of a cluster", "redis://"]).await;
    let node = RedisServer::start(RedisOptions::default().with("cluster-enabled", "yes")).await.unwrap();
    says(&node.url(), Config, &["is a node of a cluster", "redis+cluster://"]).await;
    let evicting = RedisOptions::default().with_max_memory(50 << 20).with("maxmemory-policy", "allkeys-lru");
    let evicting = RedisServer::start(evicting).await.unwrap();
    says(&evicting.url(), Config, &["would evict events", "noeviction"]).await;
    // Two Sentinels of which one is not there.
    let url = format!("redis+sentinel://127.0.0.1:1,{sentinel}/mymaster");
    open(&url).await;
}

/// Answers every connection with the same bytes, after the first that it hears.
async fn strange(answer: &'static [u8]) -> io::Result<(String, JoinHandle<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let task = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut heard = [0; 1024];
            if !answer.is_empty() && connection.read(&mut heard).await.is_ok() {
                let _ = connection.write_all(answer).await;
            }
            held.push(connection);
        }
    });
    Ok((address, task))
}

#[tokio::test]
async fn what_is_no_redis() {
    let (web, _task) = strange(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    says(&format!("redis://:hunter2@{web}"), Config, &["is no Redis"]).await;
    let (silent, _task) = strange(b"").await.unwrap();
    let url = format!("redis://:hunter2@{silent}?connect_timeout=200ms");
    says(&url, Unavailable, &["does not answer"]).await;
    says("redis://:hunter2@127.0.0.1:1", Unavailable, &["cannot be reached"]).await;
    says("redis+sentinel://127.0.0.1:1/m", Unavailable, &["no Sentinel answers"]).await;
    says("redis+cluster://127.0.0.1:1", Unavailable, &["no node of the cluster answers"]).await;
    let info = b"$34\r\nredis_version:6.2.1\r\nrole:master\r\n\r\n";
    let (old, _task) = old(info).await.unwrap();
    says(&format!("redis://{old}?protocol=resp2"), Config, &["6.2.1", "too old", "7.0"]).await;
}

/// Answers each question with the same bytes.
async fn old(answer: &'static [u8]) -> io::Result<(String, JoinHandle<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let task = tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut heard = [0; 1024];
            while connection.read(&mut heard).await.is_ok_and(|length| length > 0) {
                if connection.write_all(answer).await.is_err() {
                    break;
                }
            }
        }
    });
    Ok((address, task))
}

#[tokio::test]
async fn another_program_s_key_is_left_alone() {
    let server = RedisServer::start(RedisOptions::default()).await.unwrap();
    server.ask(&["SET", "weir:{main}:meta", "mine"]).await.unwrap();
    let storage = open(&server.url()).await;
    let error = storage.commit(&main_stream(), &Commit::append([event("a")])).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied, "{error:?}");
    assert!(!error.is_retryable(), "{error:?}");
    assert_eq!(server.ask(&["GET", "weir:{main}:meta"]).await.unwrap().text(), "mine");
    // Another stream is not hindered.
    publish(&storage, &StreamName::new("other").unwrap(), "a").await;
}
