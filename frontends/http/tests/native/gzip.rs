use crate::client::{Server, sequences};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read, Write};

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn bodies_may_be_compressed() {
    let server = Server::start().await;
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    server.send("POST", "/v1/events/a", &headers, packed(b"{\"n\":1}")).await.expect(201);
    let headers = [("content-type", "application/x-ndjson"), ("content-encoding", "gzip")];
    server.send("POST", "/v1/events/a", &headers, packed(b"{\"data\":1}\n{\"data\":2}")).await.expect(201);
    let page = server.get("/v1/events/a").await.expect(200);
    assert_eq!(sequences(&page), [1, 2, 3]);
    assert_eq!(page["events"][0]["data"]["n"], 1);
    server.stop().await;
}

#[tokio::test]
async fn bombs_and_nonsense_are_refused() {
    let server = Server::start().await;
    let gzip = [("content-encoding", "gzip")];
    let bomb = packed(&vec![0; 512 << 20]);
    assert!(bomb.len() < 1 << 20);
    server.send("POST", "/v1/events/a", &gzip, bomb).await.problem(413, "body_too_large");
    server.send("POST", "/v1/events/a", &gzip, "no gzip").await.problem(400, "invalid_input");
    let cut = &packed(&[b'x'; 1000])[..20];
    server.send("POST", "/v1/events/a", &gzip, cut.to_vec()).await.problem(400, "invalid_input");
    let brotli = [("content-encoding", "br")];
    server.send("POST", "/v1/events/a", &brotli, "x").await.problem(415, "unsupported_encoding");
    assert_eq!(sequences(&server.get("/v1/events").await.expect(200)), [0; 0]);
    server.stop().await;
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_take_it() {
    let server = Server::start().await;
    let gzip = [("accept-encoding", "br, gzip")];
    let small = server.send("GET", "/v1/events/a", &gzip, "").await;
    assert_eq!(small.header("content-encoding"), "");
    server.post("/v1/events/a", "text/plain", "x".repeat(2000)).await.expect(201);
    let plain = server.get("/v1/events/a").await;
    assert_eq!(plain.header("content-encoding"), "");
    let answer = server.send("GET", "/v1/events/a", &gzip, "").await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert!(answer.body.len() < plain.body.len() / 2);
    let mut unpacked = Vec::new();
    GzDecoder::new(&answer.body[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    server.stop().await;
}

#[tokio::test]
async fn long_answers_are_compressed_too() {
    let server = Server::start().await;
    server.post("/v1/events/a", "text/plain", "x".repeat(500_000)).await.expect(201);
    let answer = server.send("GET", "/v1/events/a", &[("accept-encoding", "gzip")], "").await;
    let mut unpacked = Vec::new();
    GzDecoder::new(&answer.body[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, server.get("/v1/events/a").await.body);
    server.stop().await;
}
