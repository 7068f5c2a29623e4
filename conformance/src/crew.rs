//! Several clients at work at the same time.

use crate::Failure;
use std::future::Future;
use tokio::task::JoinSet;

/// Runs tasks side by side. Dropped, it ends them.
pub(crate) struct Crew<T>(JoinSet<(usize, Result<T, Failure>)>);

impl<T: Send + 'static> Crew<T> {
    pub(crate) fn new() -> Self {
        Self(JoinSet::new())
    }

    /// Starts a task.
    pub(crate) fn start(&mut self, task: impl Future<Output = Result<T, Failure>> + Send + 'static) {
        let place = self.0.len();
        self.0.spawn(async move { (place, task.await) });
    }

    /// Waits for all tasks and returns what they found, in the order they were started. The first failure ends the others.
    pub(crate) async fn finish(mut self) -> Result<Vec<T>, Failure> {
        let mut found = Vec::new();
        while let Some(ended) = self.0.join_next().await {
            let (place, result) = ended
                .map_err(|error| Failure::new(format!("a call of the driver ended its task: {error}")))?;
            found.push((place, result?));
        }
        found.sort_by_key(|(place, _)| *place);
        Ok(found.into_iter().map(|(_, value)| value).collect())
    }
}

/// Runs the same work `count` times side by side.
pub(crate) async fn together<T, F>(count: usize, work: impl Fn(usize) -> F) -> Result<Vec<T>, Failure>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let mut crew = Crew::new();
    for number in 0..count {
        crew.start(work(number));
    }
    crew.finish().await
}
