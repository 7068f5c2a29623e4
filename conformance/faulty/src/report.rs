//! Writes the table.

use crate::table::{Right, Row, laws};
use eventweir_conformance::{Law, Level};
use std::fmt::Write;

/// Writes the page of the documentation.
pub fn page(rows: &[Row], right: &Right) -> String {
    let mut page = String::from(INTRODUCTION);
    // Writing to a string does not fail.
    let _ = writeln!(page, "{}\n", summary(rows, right));
    page += &matrix(rows);
    page += "\n## What is wrong with each\n\n| name | it … | seen as |\n|---|---|---|\n";
    for row in rows {
        let _ = writeln!(page, "| `{}` | {} | {} |", row.faulty.name, row.faulty.wrong, row.faulty.seen);
    }
    page += "\n## What its law said\n\n| name | law | the first failure |\n|---|---|---|\n";
    for row in rows {
        let said = row.said.as_deref().unwrap_or("nothing");
        let _ = writeln!(page, "| `{}` | {} | {} |", row.faulty.name, row.faulty.law, shorten(said));
    }
    page
}

fn summary(rows: &[Row], right: &Right) -> String {
    let caught = rows.iter().filter(|row| row.is_caught()).count();
    let seeds = rows.first().map_or(0, |row| row.seeds);
    let faulty = format!(
        "Of {} faulty ones {caught} are found by the law that names them in at least 19 of 20 seeds ({seeds} were tried).",
        rows.len()
    );
    if right.seeds == 0 {
        return format!("{faulty}\nWhat is right was not examined this time.");
    }
    format!(
        "{faulty}\nWhat is right was held to {} properties with {} seeds each: {} false alarms; {} more were skipped.",
        right.properties - right.skipped.len(),
        right.seeds,
        right.alarms.len(),
        right.skipped.len(),
    )
}

fn matrix(rows: &[Row]) -> String {
    let mut columns = laws(Level::Storage);
    columns.extend(laws(Level::Broker).into_iter().filter(|law| !laws(Level::Storage).contains(law)));
    let mut table = String::from("| name | level |");
    columns.iter().for_each(|law| table += &format!(" {law} |"));
    table += "\n|---|---|";
    table += &":-:|".repeat(columns.len());
    table.push('\n');
    for row in rows {
        let _ = write!(table, "| `{}` | {} |", row.faulty.name, row.level);
        columns.iter().for_each(|law| table += &format!(" {} |", cell(row, *law)));
        table.push('\n');
    }
    table
}

fn cell(row: &Row, law: Law) -> String {
    match row.scripts {
        _ if law == row.faulty.law => format!("**{}/{}**", row.caught, row.seeds),
        Some(caught) if law == Law::Every => format!("{caught}/{}", row.seeds),
        _ if row.others.contains(&law) => "x".to_owned(),
        _ => String::new(),
    }
}

/// Makes one cell of what may be long and have lines.
fn shorten(said: &str) -> String {
    let line = said.lines().next().unwrap_or_default().replace('|', "\\|");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

const LONGEST: usize = 160;

const INTRODUCTION: &str = "# What the suite finds

A suite that is green says something only if it is red for what is wrong. Each driver, broker and client below is wrong in one
way, and the law that names it must find it in at least 19 of 20 seeds, in the quick profile. This page is made by

```sh
cargo run --release -p eventweir-faulty -- --seeds 20 --right-seeds 200 --write docs/faulty-drivers.md
```

It is found when a property of that law fails. Above bare stores, where each property checks a whole history, a failure of another
property counts, too, when it names that law; random scripts never do.

In the column of the law that must find it stands how often it did; a cross is another law that found something, too, with one
seed. Under `every` stands how often random scripts found it, where they are to: a fault that only shows when calls meet is
not theirs.

";
