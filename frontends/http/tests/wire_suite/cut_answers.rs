//! Answers that are cut at every byte: another client goes on exactly where the place is.

use crate::host::InProcess;
use eventweir::{ChannelName, ContentType, NewEvent, Selector};
use eventweir_conformance::{Address, Client, From, Host, Protocol, Proxy, Told, clients};
use std::time::Duration;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// No answer here is as long.
const LONGEST: u64 = 4096;

#[tokio::test]
async fn a_page_of_polling() {
    cut_at_every_byte(clients::native_polling()).await;
}

#[tokio::test]
async fn a_page_of_a_long_poll() {
    cut_at_every_byte(clients::native_long_poll()).await;
}

#[tokio::test]
async fn frames_of_an_event_stream() {
    cut_at_every_byte(clients::sse()).await;
}

#[tokio::test]
async fn an_answer_of_rse() {
    cut_at_every_byte(clients::rse()).await;
}

#[tokio::test]
async fn an_answer_of_rse_that_waited() {
    cut_at_every_byte(clients::rse_long_poll()).await;
}

#[tokio::test]
async fn frames_of_an_event_stream_of_rse() {
    cut_at_every_byte(clients::rse_stream()).await;
}

#[tokio::test]
async fn an_answer_of_rse_as_of_2012() {
    cut_at_every_byte(clients::rse_of_2012()).await;
}

/// Cuts what two events bring after each number of bytes, until it comes whole.
async fn cut_at_every_byte(protocol: Protocol) {
    let host = InProcess::new();
    let address = host.start().await.unwrap();
    let proxy = Proxy::start(address.socket()).await.unwrap();
    let mut publisher = clients::native_polling().connect(address.clone()).await.unwrap();
    let through = address.through(proxy.address());
    let mut reader = Reader::begin(&protocol, through).await;
    let mut number = 0;
    for bytes in 0..LONGEST {
        proxy.cut_answers(bytes);
        publish(&mut *publisher, &[number, number + 1]).await;
        let cuts = reader.cuts;
        for expected in [number, number + 1] {
            assert_eq!(reader.event().await, expected, "cut after {bytes} bytes");
        }
        number += 2;
        if reader.cuts == cuts && bytes > 300 {
            // Whatever else there is would come before this.
            publish(&mut *publisher, &[number]).await;
            assert_eq!(reader.event().await, number);
            assert!(reader.cuts as u64 >= bytes / 2, "{} cuts are few", reader.cuts);
            host.leave().await.unwrap();
            return;
        }
    }
    panic!("nothing came whole in {LONGEST} bytes");
}

/// Follows by one client after the other.
struct Reader<'a> {
    protocol: &'a Protocol,
    address: Address,
    client: Box<dyn Client>,
    told: Vec<u64>,
    cuts: usize,
}

impl<'a> Reader<'a> {
    async fn begin(protocol: &'a Protocol, address: Address) -> Self {
        let mut client = protocol.connect(address.clone()).await.unwrap();
        client.follow(&Selector::exact(channel()), &From::Earliest).await.unwrap();
        if !["sse", "rse stream"].contains(&protocol.name()) {
            // The connection is there from now on, as a stream's is.
            let began = client.next().await.unwrap();
            assert!(began.is_empty(), "{began:?}");
        }
        Self { protocol, address, client, told: Vec::new(), cuts: 0 }
    }

    /// Returns the next event, by as many clients as it takes.
    async fn event(&mut self) -> u64 {
        let waiting = async {
            loop {
                if !self.told.is_empty() {
                    return self.told.remove(0);
                }
                match self.client.next().await {
                    Ok(told) => self.told.extend(told.into_iter().map(number_of)),
                    Err(_) => self.go_on().await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("an event did not come")
    }

    async fn go_on(&mut self) {
        self.cuts += 1;
        let from = self.client.place().map_or(From::Earliest, From::At);
        self.client = self.protocol.connect(self.address.clone()).await.unwrap();
        self.client.follow(&Selector::exact(channel()), &from).await.unwrap();
    }
}

fn number_of(told: Told) -> u64 {
    match told {
        Told::Event(seen) => serde_json::from_slice::<[u64; 1]>(&seen.data).unwrap()[0],
        other => panic!("nothing was lost, and it was told {other:?}"),
    }
}

async fn publish(publisher: &mut dyn Client, numbers: &[u64]) {
    let event =
        |number: &u64| NewEvent::new(channel(), format!("[{number}]")).with_content_type(ContentType::JSON);
    let events: Vec<_> = numbers.iter().map(event).collect();
    publisher.publish(&events).await.unwrap();
}

fn channel() -> ChannelName {
    ChannelName::new("/a").unwrap()
}
