//! 3. A broker with a door: HTTP and event streams beside code of your own. `cargo run -p http-and-sse`
//!
//! The program publishes the uptime itself; everyone else comes in over HTTP:
//!
//! ```sh
//! curl -d 'hello' http://127.0.0.1:7767/v1/events/talk
//! curl -N -H 'Accept: text/event-stream' 'http://127.0.0.1:7767/v1/events/talk?after=earliest'
//! ```
//!
//! Or open http://127.0.0.1:7767 in a browser, and in its console:
//!
//! ```js
//! new EventSource('/v1/events/uptime').onmessage = (message) => console.log(JSON.parse(message.data))
//! ```
//!
//! An EventSource that was cut off comes back by itself, and goes on after the last event that it saw.

use eventweir::{Broker, ChannelName, Credentials, Error, ErrorKind, NewEvent, Result, Shutdown};
use eventweir_http::{HttpConfig, HttpFrontend};
use eventweir_memory::MemoryStorage;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Publishes the seconds since the start, for as long as the broker is open.
async fn tell_uptime(broker: Broker) -> Result<()> {
    let session = broker.session(&Credentials::Anonymous).await?;
    let (channel, start) = (ChannelName::new("/uptime")?, Instant::now());
    loop {
        session.publish(NewEvent::json(channel.clone(), &start.elapsed().as_secs())?).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let listen = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7767".to_owned());
    let listen: SocketAddr = listen.parse().map_err(|error| {
        Error::new(ErrorKind::Config, "the address is written as HOST:PORT").with_source(error)
    })?;
    let frontend = HttpFrontend::bind(HttpConfig::at(listen)).await?;
    println!("listening on http://{}", frontend.local_addr());

    let broker = Broker::builder().storage(MemoryStorage::new()).transport(frontend).build()?;
    let uptime = tokio::spawn(tell_uptime(broker.clone()));
    let interrupted = async { drop(tokio::signal::ctrl_c().await) };
    let outcome = broker.run(Shutdown::when(interrupted)).await;
    uptime.abort();
    outcome
}
