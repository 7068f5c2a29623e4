//! The report for programs.

use super::{Counts, Outcome, PropertyReport, Report, SubjectReport};
use eventweir::{Dedup, Promises, WakeupReach, Writers};
use serde_json::{Value, json};

/// Raised when a program that read the report before would no longer understand it. New members do not raise it.
const FORMAT: u32 = 1;

impl Report {
    /// Returns the report as a JSON document, whose members are described in `docs/conformance.md`. The seed is text: it is
    /// larger than what many programs can hold as a number.
    pub fn to_json(&self) -> String {
        let Counts { held, skipped, failed, not_run } = self.counts();
        let document = json!({
            "format": FORMAT,
            "suite": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
            "green": self.is_green(),
            "profile": self.profile.as_str(),
            "seed": self.seed.to_string(),
            "cases": self.cases,
            "started": self.started.to_string(),
            "seconds": self.elapsed.as_secs_f64(),
            "counts": { "held": held, "skipped": skipped, "failed": failed, "not_run": not_run },
            "subjects": self.subjects.iter().map(|subject| described(self, subject)).collect::<Vec<_>>(),
        });
        format!("{document:#}\n")
    }
}

fn described(report: &Report, subject: &SubjectReport) -> Value {
    json!({
        "name": subject.name,
        "level": subject.level.as_str(),
        "promises": subject.promises.as_ref().map(promised),
        "remarks": subject.remarks,
        "properties": subject.properties.iter().map(|one| examined(report, subject, one)).collect::<Vec<_>>(),
    })
}

fn promised(promises: &Promises) -> Value {
    json!({
        "durability": promises.durability.as_str(),
        "ids": match promises.dedup {
            Dedup::None => json!(false),
            Dedup::Window(window) => json!({ "seconds": window.as_secs() }),
            Dedup::Forever => json!(true),
        },
        "wakeup": match promises.wakeup {
            WakeupReach::None => "none",
            WakeupReach::Process => "process",
            WakeupReach::Everywhere => "everywhere",
        },
        "writers": match promises.writers {
            Writers::One => "one",
            Writers::Many => "many",
        },
    })
}

fn examined(report: &Report, subject: &SubjectReport, examined: &PropertyReport) -> Value {
    let property = examined.property;
    let mut described = json!({
        "law": property.law.as_str(),
        "name": property.name,
        "text": property.text,
        "verdict": examined.outcome.as_str(),
        "seconds": examined.elapsed.as_secs_f64(),
    });
    match &examined.outcome {
        Outcome::Held => {}
        Outcome::Skipped(why) | Outcome::NotRun(why) => described["why"] = json!(why),
        Outcome::Failed(failure) => {
            described["failure"] = json!({
                "law": failure.law().as_str(),
                "what": failure.what(),
                "script": failure.script(),
                "stuck": failure.is_stuck(),
                "again": report.replay(subject, property, failure),
            });
        }
    }
    described
}
