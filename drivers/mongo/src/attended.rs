//! Calls that go on by themselves.

use eventweir::{Error, ErrorKind, Result};
use tokio::task::JoinHandle;

/// Lets a call of the database go on while nobody polls it, or whoever forgets a future would hold a connection that others wait for. A call
/// that is dropped ends.
pub(crate) async fn attended<T: Send + 'static>(
    call: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let mut task = Ends(tokio::spawn(call));
    let cut_off = |error| Error::new(ErrorKind::Internal, "a call was cut off").with_source(error);
    (&mut task.0).await.map_err(cut_off)?
}

/// Ends its task with itself.
struct Ends<T>(JoinHandle<T>);

impl<T> Drop for Ends<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
