//! Drives a connection of either protocol until it ends or has waited too long.

use super::Site;
use super::activity::{Activity, Wait};
use super::draining::Watch;
use super::watchdog::Watchdog;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

/// A connection of either protocol.
pub(super) trait Connection: Future<Output = hyper::Result<()>> {
    /// Finishes requests in flight and takes no other.
    fn finish(self: Pin<&mut Self>);
}

/// Says how a connection ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// HTTP ended it.
    Closed(hyper::Result<()>),
    /// A wait took too long.
    TimedOut(Wait),
}

pub(super) async fn drive<C: Connection>(
    mut connection: Pin<&mut C>,
    activity: &Activity,
    site: &Site,
) -> Ending {
    let mut watchdog = Watchdog::new(site.patience);
    let wake = pin!(site.draining.wake());
    let mut draining = Watch::new(&site.draining, wake);
    poll_fn(|cx| {
        if draining.is_news(cx) {
            connection.as_mut().finish();
        }
        match connection.as_mut().poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(Ending::Closed(outcome)),
            Poll::Pending => watchdog.poll(cx, activity).map(Ending::TimedOut),
        }
    })
    .await
}
