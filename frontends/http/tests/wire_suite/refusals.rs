//! What clients say when a broker refuses, is not there, or is none.

use crate::host::InProcess;
use eventweir::{ChannelName, ContentType, Effect, ErrorKind, NewEvent, Scope, Selector};
use eventweir_conformance::clients::{self, RemoteHost};
use eventweir_conformance::{Address, From, Host, Told};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_refusal_is_told_as_the_broker_meant_it() {
    let host = InProcess::new();
    let address = host.start().await.unwrap();
    for protocol in clients::all() {
        let mut client = protocol.connect(address.clone()).await.unwrap();
        let broken = NewEvent::new(channel("/a"), "no JSON").with_content_type(ContentType::JSON);
        let error = client.publish(&[broken]).await.unwrap_err();
        let told = (error.kind(), error.effect(), error.is_retryable());
        assert_eq!(told, (ErrorKind::InvalidInput, Effect::NotApplied, false), "{protocol:?}: {error:?}");
    }
    host.leave().await.unwrap();
}

#[tokio::test]
async fn nothing_was_sent_to_a_broker_that_is_not_there() {
    let socket = free_socket().await;
    let address = Address::new(&format!("http://{socket}"), socket).unwrap();
    for protocol in clients::all() {
        let mut client = protocol.connect(address.clone()).await.unwrap();
        let event = NewEvent::new(channel("/a"), "[1]").with_content_type(ContentType::JSON);
        let error = client.publish(&[event]).await.unwrap_err();
        let told = (error.kind(), error.effect(), error.is_retryable());
        assert_eq!(told, (ErrorKind::Unavailable, Effect::NotApplied, true), "{protocol:?}: {error:?}");
    }
    let error = RemoteHost::at(address).start().await.unwrap_err();
    assert_eq!(error.to_string(), "the broker cannot be reached");
}

#[tokio::test]
async fn what_is_no_broker_is_called_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            // It answers those who ask; some only look whether it is there.
            let mut request = [0; 4096];
            if socket.read(&mut request).await.is_ok_and(|bytes| bytes > 0) {
                socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
                // The end comes from the other side.
                let _ = socket.read(&mut request).await;
            }
        }
    });
    let error = RemoteHost::new(&url, None).start().await.unwrap_err();
    assert_eq!(error.to_string(), format!("{url} does not answer as a broker does, but 200 OK"));
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_suite_among_others_removes_its_own_channels_alone() {
    let host = InProcess::new();
    let address = host.start().await.unwrap();
    let mut client = clients::native_polling().connect(address.clone()).await.unwrap();
    for name in ["/theirs", "/mine", "/mine/deep/er", "/mine2"] {
        client.publish(&[NewEvent::new(channel(name), "x")]).await.unwrap();
    }
    let remote = RemoteHost::at(address.clone());
    assert!(!remote.abilities().trim && !remote.abilities().begin_anew);
    remote.clean(&channel("/mine")).await.unwrap();
    // There is nothing any more, which is no error.
    remote.clean(&channel("/mine")).await.unwrap();
    remote.remove(&channel("/mine")).await.unwrap();
    let everything = Selector::new([Scope::parse("/**").unwrap()]).unwrap();
    client.follow(&everything, &From::Earliest).await.unwrap();
    let left: Vec<_> = client.next().await.unwrap().into_iter().filter_map(channel_of).collect();
    assert_eq!(left, [channel("/theirs"), channel("/mine2")]);
    host.leave().await.unwrap();
}

fn channel_of(told: Told) -> Option<ChannelName> {
    match told {
        Told::Event(seen) => seen.channel,
        _ => None,
    }
}

/// Finds an address where nobody listens.
async fn free_socket() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

fn channel(name: &str) -> ChannelName {
    ChannelName::new(name).unwrap()
}
