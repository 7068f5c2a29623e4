//! The report for what reads test results: the files of JUnit.

use super::{Outcome, PropertyReport, Report, SubjectReport};
use crate::Failure;
use quick_junit::{NonSuccessKind, Report as Suites, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

impl Report {
    /// Returns the report as a JUnit file: one suite per subject, one case per property. What was not run counts as an error.
    ///
    /// Characters that XML cannot hold are left out.
    ///
    /// # Errors
    /// A [`Failure`] when the file cannot be made.
    pub fn to_junit(&self) -> Result<String, Failure> {
        let mut suites = Suites::new(env!("CARGO_PKG_NAME"));
        suites.set_time(self.elapsed);
        suites.add_test_suites(self.subjects.iter().map(|subject| suite(self, subject)));
        suites.to_string().map_err(|error| Failure::new(format!("the JUnit report cannot be made: {error}")))
    }
}

fn suite(report: &Report, subject: &SubjectReport) -> TestSuite {
    let mut suite = TestSuite::new(text(&subject.title()));
    suite.add_property(("profile", report.profile.as_str()));
    suite.add_property(("seed", report.seed.to_string().as_str()));
    suite.add_property(("cases", report.cases.to_string().as_str()));
    suite.add_property(("started", report.started.to_string().as_str()));
    suite.set_time(subject.properties.iter().map(|property| property.elapsed).sum::<Duration>());
    if !subject.remarks.is_empty() {
        suite.set_system_out(text(&subject.remarks.join("\n")));
    }
    suite.add_test_cases(subject.properties.iter().map(|property| case(report, subject, property)));
    suite
}

fn case(report: &Report, subject: &SubjectReport, examined: &PropertyReport) -> TestCase {
    let status = match &examined.outcome {
        Outcome::Held => TestCaseStatus::success(),
        Outcome::Skipped(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(text(why));
            status
        }
        Outcome::Failed(failure) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let again = report.replay(subject, examined.property, failure);
            status.set_type(failure.law().as_str());
            status.set_message(text(failure.what()));
            let told = format!("{}\n\n{failure}\n\n{again}", examined.property.text);
            status.set_description(text(&told));
            status
        }
        Outcome::NotRun(why) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type("not run");
            status.set_message(text(why));
            status
        }
    };
    let mut case = TestCase::new(format!("{:?}", examined.property), status);
    case.set_classname(text(&subject.title()));
    case.set_time(examined.elapsed);
    case
}

/// Leaves out the two characters that XML cannot hold and the crate does not know of; it leaves out the others by itself.
fn text(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "")
}
