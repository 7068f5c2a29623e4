//! A right that is taken away ends the stream; an auth that cannot tell holds it up.

use crate::client::Client;
use crate::common::{Served, builder};
use eventweir::{Action, Auth, Credentials, Error, ErrorKind, Limits, Principal, Result, async_trait};
use eventweir_sse::SseConfig;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

const YES: u8 = 0;
const NO: u8 = 1;
const CANNOT_TELL: u8 = 2;

/// Answers readers as it is told to.
#[derive(Clone, Debug)]
struct Mood(Arc<AtomicU8>);

#[async_trait]
impl Auth for Mood {
    async fn authenticate(&self, credentials: &Credentials) -> Result<Principal> {
        match credentials {
            Credentials::Token(token) if **token != *"good" => {
                Err(Error::new(ErrorKind::Unauthenticated, "nobody issued this token"))
            }
            _ => Ok(Principal::anonymous()),
        }
    }
    async fn authorize(&self, _: &Principal, action: &Action<'_>) -> Result<()> {
        match (action, self.0.load(Ordering::SeqCst)) {
            (Action::Read(_), NO) => Err(Error::new(ErrorKind::PermissionDenied, "not any more")),
            (Action::Read(_), CANNOT_TELL) => Err(Error::new(ErrorKind::Unavailable, "ask again")),
            _ => Ok(()),
        }
    }
}

async fn served(heartbeat: Duration) -> (Served, Mood) {
    let mood = Mood(Arc::new(AtomicU8::new(YES)));
    let mut limits = Limits::default();
    limits.recheck = Duration::ZERO;
    let config = SseConfig::default().with_heartbeat(heartbeat);
    (Served::with(builder().auth(mood.clone()).limits(limits), config).await, mood)
}

#[tokio::test]
async fn an_idle_stream_ends_when_the_right_is_taken_away() {
    let (served, mood) = served(Duration::from_millis(20)).await;
    let mut client = Client::open(served.address, "/a").await;
    client.until_text("\n\n:\n\n").await;
    mood.0.store(NO, Ordering::SeqCst);
    let text = client.rest().await;
    let (_, told) = text.split_once("event: error\ndata: ").unwrap();
    let problem: serde_json::Value = serde_json::from_str(told.strip_suffix("\n\n").unwrap()).unwrap();
    assert_eq!((&problem["status"], &problem["code"]), (&403.into(), &"permission_denied".into()));
}

#[tokio::test]
async fn no_event_goes_out_after_the_right_is_taken_away() {
    let (served, mood) = served(Duration::from_secs(15)).await;
    let mut client = Client::open(served.address, "/a").await;
    client.until_text("id:").await;
    mood.0.store(NO, Ordering::SeqCst);
    served.publish("/a", "secret").await;
    let text = client.rest().await;
    assert!(text.contains("event: error") && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn an_auth_that_cannot_tell_is_asked_again_and_nothing_is_missed() {
    let (served, mood) = served(Duration::from_secs(15)).await;
    let mut client = Client::open(served.address, "/a?data=raw").await;
    client.until_text("id:").await;
    mood.0.store(CANNOT_TELL, Ordering::SeqCst);
    served.publish("/a", "first").await;
    client.until_text("trying again").await;
    served.publish("/a", "second").await;
    mood.0.store(YES, Ordering::SeqCst);
    let data: Vec<_> = client.messages(2).await.into_iter().map(|message| message.data).collect();
    assert_eq!(data, ["first", "second"]);
}

#[tokio::test]
async fn a_token_may_stand_in_the_query() {
    let (served, _) = served(Duration::from_secs(15)).await;
    let good = Client::open(served.address, "/a?access_token=good").await;
    assert!(good.head.starts_with("http/1.0 200"), "{}", good.head);
    let bad = Client::open(served.address, "/a?access_token=bad").await;
    assert!(
        bad.head.starts_with("http/1.0 401") && bad.head.contains("www-authenticate: bearer"),
        "{}",
        bad.head
    );
}
