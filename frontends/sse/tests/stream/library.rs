//! A client library that others wrote understands the stream.

use crate::common::{DEADLINE, Served};
use eventsource_stream::{Event, Eventsource};
use futures_util::{Stream, StreamExt, stream};
use std::convert::Infallible;
use std::pin::{Pin, pin};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Events = Pin<Box<dyn Stream<Item = Event>>>;

/// Opens a stream with the library, which gets the body in pieces of a few bytes.
async fn open(served: &Served, target: &str) -> Events {
    let mut socket = TcpStream::connect(served.address).await.unwrap();
    socket.write_all(format!("GET {target} HTTP/1.0\r\n\r\n").as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    let pieces = stream::unfold(socket, async |mut socket| {
        let mut piece = vec![0; 7];
        let length = socket.read(&mut piece).await.unwrap();
        piece.truncate(length);
        (length > 0).then_some((Ok::<_, Infallible>(piece), socket))
    });
    Box::pin(pieces.eventsource().map(|event| event.unwrap()))
}

async fn next(events: &mut Events) -> Event {
    tokio::time::timeout(DEADLINE, pin!(events.next())).await.unwrap().unwrap()
}

#[tokio::test]
async fn events_gaps_and_ids_arrive() {
    let served = Served::start().await;
    let texts = ["one", "two\nlines", "ümlaut", " \n "];
    for text in texts {
        served.publish("/a", text).await;
    }
    let mut events = open(&served, "/a?data=raw&after=earliest").await;
    let epoch = served.epoch().await;
    for (n, text) in (1..).zip(texts) {
        let event = next(&mut events).await;
        assert_eq!((event.event.as_str(), event.data.as_str()), ("message", text));
        assert_eq!(event.id, format!("{epoch}:{n}"));
    }
    let mut resumed = open(&served, &format!("/a?data=raw&lastEventId={epoch}:3")).await;
    assert_eq!(next(&mut resumed).await.data, texts[3]);
    let mut refused = open(&served, "/a?data=raw&lastEventId=00000000000000ab:1").await;
    assert_eq!(next(&mut refused).await.event, "reset");
}
