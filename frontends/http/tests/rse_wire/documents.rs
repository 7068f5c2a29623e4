//! Defects of documents and numbers, D21 to D23, done right.

use crate::support::{PANEL, SHOP, Server, Setup};
use eventweir::{ChannelName, ContentType, Credentials, NewEvent, Source};

#[tokio::test]
async fn d21_what_is_json_is_taken_and_nothing_else() {
    let server = Server::start().await;
    let deep = |depth| "[".repeat(depth) + &"]".repeat(depth);
    for good in [
        "[1,\t2]",
        "\t{ }\n",
        r#"{"k":1,"k":2}"#,
        r#"["\ud800"]"#,
        "{\"n\": 1.50e+3, \"a\":\r\n[ ]}",
        "[\"\u{2028}\u{1f600}\"]",
        &deep(500),
    ] {
        let id = server.publish("/a", good).await;
        let answer = server.get(&format!("/a?last-known-id={}", id - 1)).await;
        assert!(answer.text().contains(&format!("\"data\":{good}}}]")), "verbatim: {}", answer.text());
        server.get("/a?callback=f").await;
    }
    for bad in [
        "",
        " ",
        "42",
        "\"a\"",
        "null",
        "[] []",
        "[1,]",
        "[NaN]",
        "\u{feff}{}",
        "[-01]",
        "[\"a\u{1}\"]",
        "[\"\t\"]",
        "{",
        "}",
        "[}",
        "{1:2}",
        "['a']",
        &deep(513),
        &deep(100_000),
    ] {
        server.post("/a", bad).await.refuses(400, "Invalid JSON");
    }
    for bytes in [&b"[\"\xff\"]"[..], b"\xff", b"[\"\xed\xa0\x80\"]"] {
        server.send("POST", "/a", &[("User-Agent", SHOP)], bytes).await.refuses(400, "Invalid JSON");
    }
    let tunnelled = server.get("/a?method=POST&post-data=%5B%22%ff%22%5D").await;
    tunnelled.refuses(400, "Query parameter is not UTF-8: post-data");
}

#[tokio::test]
async fn d21_scripts_get_no_raw_line_separators() {
    let server = Server::start().await;
    server.publish("/a", "[\"x\u{2028}y\u{2029}z\"]").await;
    let script = server.get("/a?callback=f").await;
    assert!(script.text().ends_with("\"data\":[\"x\\u2028y\\u2029z\"]}]});"), "{}", script.text());
    assert!(server.get("/a").await.text().contains('\u{2028}'));
}

#[tokio::test]
async fn d22_any_agent_can_publish_and_is_shown_whole() {
    let server = Server::start().await;
    for agent in [r#"a "quoted" \ agent uuid/1"#, "\u{fc}ber uuid/2", "</script> uuid/3", "tab\there uuid/4"]
    {
        let headers = [("User-Agent", agent)];
        let answer = server.send("POST", "/a", &headers, b"[]").await;
        assert_eq!(answer.status, 201, "{agent}: {answer:?}");
        let id: u64 = answer.header("x-rse-event-id").unwrap().parse().unwrap();
        let events = server.get(&format!("/a?last-known-id={}", id - 1)).await.events();
        assert_eq!(events[0]["user_agent"], agent);
    }
    let long = format!("{} uuid/5", "x".repeat(3000));
    let answer = server.send("POST", "/a", &[("User-Agent", &long)], b"[]").await;
    answer.refuses(431, "The User-Agent header");
}

#[tokio::test]
async fn d22_an_agent_that_is_no_utf8_is_shown_with_marks() {
    let server = Server::start().await;
    let request = [
        format!("POST {} HTTP/1.1\r\nHost: rse.example.net\r\nUser-Agent: ", server.target("/a"))
            .into_bytes(),
        b"caf\xe9 \xc2\x85 uuid/7\r\nContent-Length: 2\r\n\r\n[]".to_vec(),
    ];
    assert_eq!(server.exchange(&request.concat()).await.status, 201);
    assert_eq!(server.get("/a").await.events()[0]["user_agent"], "caf\u{fffd} \u{fffd} uuid/7");
}

#[tokio::test]
async fn d23_malformed_numbers_are_400() {
    let server = Server::start().await;
    server.publish("/a", "[]").await;
    for name in ["last-known-id", "max-events", "sort", "wait"] {
        for bad in ["", "x", "1.5", "0_4", "0x1", "1e3", "--1", "%ff", "%D9%A3"] {
            let answer = server.get(&format!("/a?{name}={bad}")).await;
            answer.refuses(400, "Query parameter is not");
        }
    }
    server
        .get("/a?last-known-id=9223372036854775808")
        .await
        .refuses(400, "Query parameter is too large: last-known-id");
    for good in ["%20-5%20", "+0", "-99999999999999999999", "0000"] {
        assert_eq!(server.ids(&format!("/a?last-known-id={good}")).await, [1], "{good}");
    }
    assert_eq!(server.ids("/a?sort=7&max-events=%2B1").await, [1]);
    assert_eq!(server.ids("/a?last-known-id=x&last-known-id=0").await, [1], "the last value counts");
    assert_eq!(server.get("/a?last-known-id=9223372036854775807").await.status, 204);
}

#[tokio::test]
async fn d23_a_document_that_is_too_large_is_413() {
    let mut limits = eventweir::Limits::default();
    limits.max_event_bytes = 1000;
    let server = Setup::new().build(|builder| builder.limits(limits)).start().await;
    let document = format!("[\"{}\"]", "x".repeat(996));
    assert_eq!(server.publish("/a", &document).await, 1);
    let answer = server.post("/a", &format!("{document} ")).await;
    answer.refuses(413, "the body is longer than 1000 bytes");
}

#[tokio::test]
async fn events_of_other_doors_reach_every_reader() {
    let server = Server::start().await;
    let session = server.broker.session(&Credentials::Anonymous).await.unwrap();
    let channel = ChannelName::new("/a").unwrap();
    let binary = NewEvent::new(channel.clone(), &b"\0\xff"[..]);
    let number = NewEvent::new(channel, "42")
        .with_content_type(ContentType::JSON)
        .with_source(Source::new("tool \"x\"").unwrap());
    session.publish(binary).await.unwrap();
    session.publish(number).await.unwrap();
    let events = server.send("GET", "/a", &[("User-Agent", PANEL)], b"").await.events();
    assert_eq!(events[0]["user_agent"], "weir");
    assert_eq!(events[0]["data"]["content_type"], "application/octet-stream");
    assert_eq!(events[0]["data"]["data_base64"], "AP8=");
    assert_eq!(events[1]["user_agent"], "weir uuid/tool \"x\"");
    assert_eq!(events[1]["data"], 42);
}
