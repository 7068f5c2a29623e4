//! Pages read one by one.

use crate::bench::embedded::processor_time;
use crate::bench::figure::Sample;
use crate::bench::latency::Latency;
use crate::failure::{Failure, Result};
use eventweir::{ReadQuery, Storage, StreamName};
use std::time::{Duration, Instant};

/// Events of a page.
pub(super) const PAGE: u64 = 100;

/// Holds what a load of reads gave.
pub(super) struct Pages {
    spent: Duration,
    latency: Latency,
    processor: Duration,
}

impl Pages {
    /// Reads full pages for a time. Processor time is that of this process, and of the server where there is one.
    pub(super) async fn read(
        storage: &impl Storage,
        time: Duration,
        server: Option<u32>,
        query: impl Fn(u64) -> Result<ReadQuery>,
    ) -> Result<Self> {
        let stream = StreamName::main();
        let mut latency = Latency::new()?;
        let (before, begin) = (processor_time(server)?, Instant::now());
        while begin.elapsed() < time {
            let query = query(latency.count())?;
            let asked = Instant::now();
            let page = storage.read(&stream, &query).await?;
            latency.record(asked.elapsed());
            if page.events.len() as u64 != PAGE {
                return Err(Failure::failed(format!("a page has {} of {PAGE} events", page.events.len())));
            }
        }
        Ok(Self { spent: begin.elapsed(), latency, processor: processor_time(server)? - before })
    }

    /// Holds what somebody else read.
    pub(super) fn of(spent: Duration, latency: Latency, processor: Duration) -> Self {
        Self { spent, latency, processor }
    }

    /// Shows pages for each second.
    pub(super) fn rate(self) -> Sample {
        let pages = self.latency.count() as f64;
        self.sample(|spent| pages / spent.as_secs_f64())
    }

    /// Shows microseconds for each page.
    pub(super) fn time(self) -> Sample {
        let pages = self.latency.count() as f64;
        self.sample(|spent| spent.as_secs_f64() * 1e6 / pages)
    }

    fn sample(self, value: impl FnOnce(Duration) -> f64) -> Sample {
        let pages = self.latency.count() as f64;
        Sample {
            value: value(self.spent),
            processor: Some(self.processor.as_secs_f64() * 1e6 / pages),
            latency: Some(self.latency),
        }
    }
}
