//! Several clients at work at the same time.

use crate::Failure;
use std::future::Future;
use tokio::task::JoinSet;

/// Runs tasks side by side. Dropped, it ends them.
pub(crate) struct Crew<T> {
    tasks: JoinSet<(usize, Result<T, Failure>)>,
    started: usize,
    done: Vec<(usize, T)>,
}

impl<T: Send + 'static> Crew<T> {
    pub(crate) fn new() -> Self {
        Self { tasks: JoinSet::new(), started: 0, done: Vec::new() }
    }

    /// Starts a task.
    pub(crate) fn start(&mut self, task: impl Future<Output = Result<T, Failure>> + Send + 'static) {
        let place = self.started;
        self.started += 1;
        self.tasks.spawn(async move { (place, task.await) });
    }

    /// Waits for a failure, for ever if there is none. May be dropped and called again.
    pub(crate) async fn first_failure(&mut self) -> Failure {
        match self.work().await {
            Err(failure) => failure,
            Ok(()) => std::future::pending().await,
        }
    }

    /// Waits for all tasks and returns what they found, in the order they were started. The first failure ends the others.
    pub(crate) async fn finish(mut self) -> Result<Vec<T>, Failure> {
        self.work().await?;
        self.done.sort_by_key(|(place, _)| *place);
        Ok(self.done.into_iter().map(|(_, value)| value).collect())
    }

    /// Waits for all tasks, or the first failure.
    async fn work(&mut self) -> Result<(), Failure> {
        while let Some(ended) = self.tasks.join_next().await {
            let (place, result) = ended
                .map_err(|error| Failure::new(format!("a call of the driver ended its task: {error}")))?;
            self.done.push((place, result?));
        }
        Ok(())
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
