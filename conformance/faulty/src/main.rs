//! Makes the table of what is faulty and what finds it.

use clap::Parser;
use eventweir_conformance::{Subject, properties};
use eventweir_faulty::table::{Right, Row, examine, examine_right, levels};
use eventweir_faulty::{FAULTY, Faulty, report, right};
use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Holds every faulty driver, broker and client to the laws, and what is right, too.
#[derive(Debug, Parser)]
#[command(name = "eventweir-faulty")]
struct Arguments {
    /// Serves the suite as the process that is killed.
    #[arg(long, hide = true)]
    child: bool,
    /// How many seeds each faulty one is examined with.
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// How many seeds what is right is examined with.
    #[arg(long, default_value_t = 0)]
    right_seeds: u64,
    /// The first seed; the others follow from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only those whose name holds this.
    #[arg(long, default_value = "")]
    only: String,
    /// How many are examined at the same time.
    #[arg(long, default_value_t = 2)]
    side_by_side: usize,
    /// Writes the page to a file; without it, to the standard output.
    #[arg(long)]
    write: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.child {
        eventweir_faulty::child();
        return ExitCode::SUCCESS;
    }
    let rows = faulty_ones(&arguments);
    let right = right_ones(&arguments);
    let page = report::page(&rows, &right);
    match &arguments.write {
        None => print!("{page}"),
        Some(path) => {
            if let Err(error) = std::fs::write(path, page) {
                eprintln!("the page cannot be written to {}: {error}", path.display());
                return ExitCode::FAILURE;
            }
        }
    }
    verdict(&rows, &right)
}

fn faulty_ones(arguments: &Arguments) -> Vec<Row> {
    // Without it, what needs a process of its own is skipped, and so not found.
    let program = std::env::current_exe().unwrap_or_default();
    let chosen: Vec<&'static Faulty> =
        FAULTY.iter().filter(|faulty| faulty.name.contains(&arguments.only)).collect();
    side_by_side(arguments.side_by_side, "faulty", &chosen, |faulty, bar| {
        bar.set_message(faulty.name);
        examine(faulty, &program, arguments.seed, arguments.seeds)
    })
}

fn right_ones(arguments: &Arguments) -> Right {
    if arguments.right_seeds == 0 {
        return Right::default();
    }
    let subjects = levels(right);
    let work: Vec<_> = subjects.iter().flat_map(pairs).collect();
    let found = side_by_side(arguments.side_by_side, "right", &work, |(subject, property), bar| {
        bar.set_message(property.name);
        examine_right(subject, property, arguments.seed, arguments.right_seeds)
    });
    let mut right = Right::default();
    found.into_iter().for_each(|one| right.add(one));
    right
}

fn pairs(subject: &Subject) -> impl Iterator<Item = (&Subject, &'static eventweir_conformance::Property)> {
    properties(subject.level()).iter().map(move |property| (subject, property))
}

/// Does the work with so many hands, and returns what came of it in its order.
fn side_by_side<T: Sync, R: Send>(
    hands: usize,
    what: &'static str,
    work: &[T],
    one: impl Fn(&T, &ProgressBar) -> R + Sync,
) -> Vec<R> {
    let bar = ProgressBar::new(work.len() as u64).with_prefix(what);
    if let Ok(style) = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {elapsed} {msg}") {
        bar.set_style(style);
    }
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..hands.max(1) {
            scope.spawn(|| {
                while let Some((number, item)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|n| Some((n, work.get(n)?)))
                {
                    let begin = Instant::now();
                    let result = one(item, &bar);
                    if bar.is_hidden() && begin.elapsed() > LONG {
                        eprintln!("{what} {}: {} s", number + 1, begin.elapsed().as_secs());
                    }
                    done.lock().push((number, result));
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut done = done.into_inner();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Says what is not as it should be.
fn verdict(rows: &[Row], right: &Right) -> ExitCode {
    let mut well = true;
    for row in rows.iter().filter(|row| !row.is_caught()) {
        well = false;
        let scripts = row.scripts.map_or(String::new(), |caught| format!(", by random scripts {caught}"));
        eprintln!(
            "{}: found by the law {} in {} of {} seeds{scripts}",
            row.faulty.name, row.faulty.law, row.caught, row.seeds
        );
    }
    for alarm in &right.alarms {
        well = false;
        eprintln!("false alarm: {alarm}");
    }
    for skipped in &right.skipped {
        eprintln!("not looked at: {skipped}");
    }
    eprintln!("{} faulty ones; {} properties held with {} seeds", rows.len(), right.properties, right.seeds);
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What takes longer is told where there is no bar to look at.
const LONG: Duration = Duration::from_secs(10);
