//! The report for terminals.

use super::{Counts, Outcome, PropertyReport, Report, SubjectReport};
use std::fmt::{self, Display, Formatter};

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (subject, property) in self.examined() {
            failed(f, self, subject, property)?;
        }
        for (subject, property) in self.examined() {
            if let Outcome::NotRun(why) = &property.outcome {
                writeln!(f, "not run {} {:?}: {why}", subject.title(), property.property)?;
            }
        }
        for subject in &self.subjects {
            if let Some(why) = &subject.skipped {
                writeln!(f, "skipped {}: {why}", subject.title())?;
            }
        }
        for (subject, property) in self.examined().filter(|(subject, _)| subject.skipped.is_none()) {
            if let Outcome::Skipped(why) = &property.outcome {
                writeln!(f, "skipped {} {:?}: {why}", subject.title(), property.property)?;
            }
        }
        for subject in &self.subjects {
            for remark in &subject.remarks {
                writeln!(f, "{}: {remark}", subject.title())?;
            }
        }
        counted(f, self)
    }
}

fn failed(
    f: &mut Formatter<'_>,
    report: &Report,
    subject: &SubjectReport,
    examined: &PropertyReport,
) -> fmt::Result {
    let Outcome::Failed(failure) = &examined.outcome else { return Ok(()) };
    let property = examined.property;
    writeln!(f, "FAILED {} {property:?}", subject.title())?;
    writeln!(f, "  demanded: {}", property.text)?;
    writeln!(f, "  law {}: {}", failure.law(), indented(failure.what()))?;
    if !failure.script().is_empty() {
        writeln!(f, "  {}", indented(failure.script()))?;
    }
    writeln!(f, "  again: {}\n", report.replay(subject, property, failure))
}

fn indented(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join("\n  ")
}

fn counted(f: &mut Formatter<'_>, report: &Report) -> fmt::Result {
    let Counts { held, skipped, failed, not_run } = report.counts();
    let verdict = match report.is_green() {
        true => "green",
        false if failed + not_run > 0 => "red",
        false => "nothing was looked at",
    };
    writeln!(
        f,
        "{verdict}: {held} held, {failed} failed, {skipped} skipped, {not_run} not run; profile {}, seed {}, {} cases, {:.1} s",
        report.profile.as_str(),
        report.seed,
        report.cases,
        report.elapsed.as_secs_f64(),
    )
}
