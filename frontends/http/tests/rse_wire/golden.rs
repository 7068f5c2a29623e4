//! The recorded examples: each one sent as raw bytes, at either mount, and its answer compared byte for byte.

use crate::support::{Answer, MOUNTS, PANEL, SHOP, Server, Setup, TOKEN, tokens};
use eventweir::{Action, Auth, Credentials, Error, ErrorKind, Principal, Result, async_trait};
use std::time::Duration;

const RECORDED: &str = include_str!("golden.txt");

/// What is published before all examples but the first.
const PUBLISHED: [(&str, &str, &str); 5] = [
    ("/shop/eu/orders", SHOP, r#"{"Event":"OrderPlaced","Data":{"no":1}}"#),
    ("/shop/eu", SHOP, r#"["stock", 7]"#),
    ("/shop", PANEL, r#"{"Event":"Notice"}"#),
    ("/shop/eu/orders/paid", SHOP, r#"{"Event":"Paid","Data":{"no":1}}"#),
    ("/shop/europe", SHOP, r#"{"Event":"Audit"}"#),
];

/// Holds one example; lines end with a bare newline.
struct Example {
    request: &'static str,
    status: u16,
    content_type: Option<&'static str>,
    body: &'static str,
}

impl Example {
    fn find(id: &str) -> Self {
        let text = RECORDED
            .split("=== ")
            .find_map(|text| text.strip_prefix(id).filter(|rest| rest.starts_with(' ')))
            .unwrap();
        let (_, text) = text.split_once('\n').unwrap();
        let (request, response) = text.split_once("\n---\n").unwrap();
        let response = response.trim_end_matches('\n');
        let (head, body) = response.split_once("\n\n").unwrap_or((response, ""));
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
        let length: usize = header("Content-Length: ").map_or(0, |text| text.parse().unwrap());
        // The newline at the end of the health body stands at the end of its line in the record.
        let body = if length == body.len() + 1 { "OK\n" } else { body };
        assert_eq!(body.len(), length, "{id} is recorded badly");
        Self {
            request,
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            content_type: header("Content-Type: "),
            body,
        }
    }

    fn bytes(&self, server: &Server) -> Vec<u8> {
        let (head, body) = self.request.split_once("\n\n").unwrap_or((self.request, ""));
        let (verb, rest) = head.split_once(' ').unwrap();
        let head = format!("{verb} {}", server.target(rest)).replace('\n', "\r\n");
        format!("{head}\r\n\r\n{body}").into_bytes()
    }

    async fn check(&self, id: &str, server: &Server) -> Answer {
        let answer = server.exchange(&self.bytes(server)).await;
        assert_eq!(answer.status, self.status, "{id}: {answer:?}");
        assert_eq!(answer.header("content-type"), self.content_type, "{id}");
        assert_eq!(answer.text(), self.body, "{id}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{id}");
        answer
    }
}

fn guarded() -> Setup {
    Setup::new().auth(tokens(&[("golden", TOKEN, "/**", "/**")]))
}

async fn after_five_events(mount: &'static str) -> Server {
    let server = guarded().mounted_at(mount).start().await;
    for (channel, agent, document) in PUBLISHED {
        let headers = [("User-Agent", agent), ("X-Auth-Token", TOKEN)];
        assert_eq!(server.send("POST", channel, &headers, document.as_bytes()).await.status, 201);
    }
    server.clock.advance(Duration::from_secs(2));
    server
}

async fn check(id: &str) {
    for mount in MOUNTS {
        Example::find(id).check(id, &after_five_events(mount).await).await;
    }
}

macro_rules! golden {
    ($($test:ident $id:literal),* $(,)?) => {
        $(#[tokio::test] async fn $test() { check($id).await; })*
    };
}

golden! {
    g02_exact "G2", g03_exact_own_hidden "G3", g04_exact_echo "G4", g05_parent_echo "G5", g06_all "G6",
    g07_after_id "G7", g08_after_last "G8", g09_descending "G9", g10_limit_1 "G10", g11_jsonp_read "G11",
    g12_jsonp_read_empty "G12", g15_tunnel_missing_post_data "G15", g17_jsonp_read_bad_callback "G17",
    g18_body_number "G18", g19_no_user_agent_read "G19", g20_agent_without_uuid_read "G20", g21_no_token "G21",
    g23_root "G23", g24_put "G24", g25_health "G25",
}

#[tokio::test]
async fn g01_post_object() {
    for mount in MOUNTS {
        let answer = Example::find("G1").check("G1", &guarded().mounted_at(mount).start().await).await;
        assert_eq!(answer.header("content-length"), Some("0"));
        assert_eq!(answer.header("x-rse-event-id"), Some("1"));
    }
}

#[tokio::test]
async fn g13_g14_g16_publish_through_get_and_with_a_callback() {
    for mount in MOUNTS {
        let server = after_five_events(mount).await;
        for (id, event) in [("G13", "6"), ("G14", "7"), ("G16", "8")] {
            let answer = Example::find(id).check(id, &server).await;
            assert_eq!(answer.header("x-rse-event-id"), Some(event));
        }
        let answer = server.get_with("/shop/eu/orders?last-known-id=5", &[("X-Auth-Token", TOKEN)]).await;
        let documents: Vec<_> = answer.events().iter().map(|event| event["data"].to_string()).collect();
        assert_eq!(documents, [r#"{"Event":"Tunnelled"}"#, "[1]", r#"{"Event":"Third"}"#]);
    }
}

#[tokio::test]
async fn g22_token_down() {
    for mount in MOUNTS {
        let server = Setup::new().auth(Down).mounted_at(mount).start().await;
        let answer = Example::find("G22").check("G22", &server).await;
        assert!(answer.header("retry-after").is_some());
    }
}

/// Cannot tell now.
#[derive(Debug)]
struct Down;

#[async_trait]
impl Auth for Down {
    async fn authenticate(&self, _: &Credentials) -> Result<Principal> {
        Err(Error::new(ErrorKind::Unavailable, "the token store does not answer"))
    }

    async fn authorize(&self, _: &Principal, _: &Action<'_>) -> Result<()> {
        Err(Error::new(ErrorKind::Unavailable, "the token store does not answer"))
    }
}
