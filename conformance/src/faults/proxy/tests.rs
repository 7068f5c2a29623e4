use super::*;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(20);

/// Answers each request of 4 bytes with 8, and counts requests.
struct Server {
    address: SocketAddr,
    requests: Arc<AtomicU64>,
    task: AbortHandle,
}

impl Server {
    async fn start(greeting: u8) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (address, requests) = (listener.local_addr().unwrap(), Arc::new(AtomicU64::new(0)));
        let counted = requests.clone();
        let task = tokio::spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let counted = counted.clone();
                clients.spawn(async move {
                    let mut request = [0; 4];
                    while client.read_exact(&mut request).await.is_ok() {
                        counted.fetch_add(1, Ordering::AcqRel);
                        if client.write_all(&[greeting; 8]).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, requests, task: task.abort_handle() }
    }

    async fn expect_requests(&self, count: u64) {
        let counted = async {
            while self.requests.load(Ordering::Acquire) < count {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(LONG, counted).await.unwrap();
        assert_eq!(self.requests.load(Ordering::Acquire), count);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn ask(client: &mut TcpStream) -> io::Result<[u8; 8]> {
    let mut answer = [0; 8];
    client.write_all(b"ask!").await?;
    timeout(LONG, client.read_exact(&mut answer)).await.unwrap()?;
    Ok(answer)
}

/// Reads up to the end, however it comes.
async fn rest(client: &mut TcpStream) -> Vec<u8> {
    let (mut rest, mut buffer) = (Vec::new(), [0; 64]);
    loop {
        match timeout(LONG, client.read(&mut buffer)).await.unwrap() {
            Ok(0) | Err(_) => return rest,
            Ok(length) => rest.extend(&buffer[..length]),
        }
    }
}

async fn set_up() -> (Server, Proxy, TcpStream) {
    let server = Server::start(b'a').await;
    let proxy = Proxy::start(server.address).await.unwrap();
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut client).await.unwrap(), [b'a'; 8]);
    (server, proxy, client)
}

#[tokio::test]
async fn bytes_go_through_and_halves_of_connections_end_alone() {
    let (_server, proxy, mut client) = set_up().await;
    assert_eq!(proxy.connections(), 1);
    client.write_all(b"ask!ask!").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut client).await.len(), 16);
    let gone = async {
        while proxy.connections() > 0 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(LONG, gone).await.unwrap();
}

#[tokio::test]
async fn an_idle_connection_is_cut_at_once() {
    // Several, since every other cut is a reset.
    for _ in 0..4 {
        let (_server, proxy, mut client) = set_up().await;
        proxy.cut(0);
        assert!(rest(&mut client).await.is_empty());
        let mut other = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut other).await.unwrap(), [b'a'; 8], "the next connection is whole");
    }
}

#[tokio::test]
async fn a_connection_is_cut_at_any_byte_of_either_direction() {
    for after in 1..=12 {
        let (server, proxy, mut client) = set_up().await;
        proxy.cut(after);
        client.write_all(b"ask!").await.unwrap();
        let answered = rest(&mut client).await.len() as u64;
        assert_eq!(answered, after.saturating_sub(4), "after {after} bytes");
        server.expect_requests(if after >= 4 { 2 } else { 1 }).await;
    }
}

#[tokio::test]
async fn a_request_gets_through_whose_answer_is_cut() {
    for after in 0..8 {
        let (server, proxy, mut client) = set_up().await;
        proxy.cut_answers(after);
        client.write_all(b"ask!").await.unwrap();
        assert_eq!(rest(&mut client).await.len() as u64, after);
        server.expect_requests(2).await;
    }
}

#[tokio::test]
async fn every_answer_is_cut_also_of_new_connections() {
    let (server, proxy, mut client) = set_up().await;
    proxy.cut_every_answer(true);
    assert!(ask(&mut client).await.is_err());
    let mut next = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(ask(&mut next).await.is_err());
    server.expect_requests(3).await;
    proxy.cut_every_answer(false);
    let mut next = TcpStream::connect(proxy.address()).await.unwrap();
    ask(&mut next).await.unwrap();
}

#[tokio::test]
async fn a_request_is_cut_and_the_server_never_sees_it_whole() {
    for after in 0..4 {
        let (server, proxy, mut client) = set_up().await;
        proxy.cut_requests(after);
        client.write_all(b"ask!").await.unwrap();
        assert!(rest(&mut client).await.is_empty());
        server.expect_requests(1).await;
    }
}

#[tokio::test]
async fn bytes_wait_and_go_on() {
    let (_server, proxy, mut client) = set_up().await;
    let span = Duration::from_millis(200);
    let begun = Instant::now();
    proxy.stall(span);
    assert_eq!(ask(&mut client).await.unwrap(), [b'a'; 8]);
    assert!(begun.elapsed() >= span);
    // The last word counts, also for bytes that wait already.
    proxy.stall(LONG * 10);
    client.write_all(b"ask!").await.unwrap();
    sleep(Duration::from_millis(20)).await;
    proxy.stall(Duration::ZERO);
    let mut answer = [0; 8];
    timeout(LONG, client.read_exact(&mut answer)).await.unwrap().unwrap();
    // A connection that waits can be cut all the same.
    proxy.stall(LONG * 10);
    client.write_all(b"ask!").await.unwrap();
    proxy.cut(0);
    assert!(rest(&mut client).await.is_empty());
    proxy.stall(Duration::ZERO);
    let mut other = TcpStream::connect(proxy.address()).await.unwrap();
    ask(&mut other).await.unwrap();
}

#[tokio::test]
async fn bytes_come_in_pieces() {
    let (_server, proxy, mut client) = set_up().await;
    proxy.split(3);
    // On a busy machine pieces may be read together, but not each time.
    for tries in 1.. {
        client.write_all(b"ask!").await.unwrap();
        let (mut buffer, mut pieces) = ([0; 64], Vec::new());
        while pieces.iter().sum::<usize>() < 8 {
            pieces.push(timeout(LONG, client.read(&mut buffer)).await.unwrap().unwrap());
        }
        if pieces == [3, 3, 2] {
            break;
        }
        assert!(tries < 200, "{pieces:?}");
    }
    proxy.split(0);
    ask(&mut client).await.unwrap();
}

#[tokio::test]
async fn new_connections_go_elsewhere() {
    let (server, proxy, mut client) = set_up().await;
    let other = Server::start(b'b').await;
    proxy.retarget(other.address);
    assert_eq!(ask(&mut client).await.unwrap(), [b'a'; 8]);
    let mut next = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut next).await.unwrap(), [b'b'; 8]);
    drop((server, other));
    // A server that is away hangs up, and one that is back answers.
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    proxy.retarget(closed);
    let mut nobody = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(rest(&mut nobody).await.is_empty());
}

#[tokio::test]
async fn dropped_it_ends_everything() {
    let (_server, proxy, mut client) = set_up().await;
    let address = proxy.address();
    drop(proxy);
    assert!(rest(&mut client).await.is_empty());
    assert!(TcpStream::connect(address).await.is_err());
}
