//! Where the reports go.

use super::arguments::ConformanceArgs;
use crate::failure::{Failure, Result};
use crate::output::Output;
use eventweir_conformance::Report;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Holds the files of the reports, opened before the run: a run of an hour must not end with a report that cannot be written.
pub(super) struct Files {
    junit: Option<Place>,
    json: Option<Place>,
}

enum Place {
    Stdout,
    File { path: PathBuf, file: File, made: bool },
}

impl Files {
    /// Opens the files. What they held stays until a report is written.
    pub(super) fn prepare(arguments: &ConformanceArgs) -> Result<Self> {
        let (junit, json) = (arguments.junit.as_deref(), arguments.json.as_deref());
        if junit.is_some() && junit == json {
            return Err(Failure::usage("--junit and --json name the same place"));
        }
        Ok(Self { junit: junit.map(Place::open).transpose()?, json: json.map(Place::open).transpose()? })
    }

    /// Writes the reports, and the summary to stdout, or to stderr when stdout has a report.
    pub(super) fn write(&mut self, report: &Report, output: &mut Output) -> Result<()> {
        let taken = [&self.junit, &self.json].into_iter().any(|place| matches!(place, Some(Place::Stdout)));
        if let Some(place) = self.junit.take() {
            let junit = report.to_junit().map_err(|failure| Failure::failed(failure.what()))?;
            place.write(&junit, output)?;
        }
        if let Some(place) = self.json.take() {
            place.write(&report.to_json(), output)?;
        }
        if taken {
            // A closed stderr leaves nobody to tell.
            let _ = write!(std::io::stderr(), "{report}");
            return Ok(());
        }
        output.text(&report.to_string())
    }
}

impl Place {
    fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        let made = !path.exists();
        let file = File::options().write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|error| {
            Failure::usage(format!("the report cannot be written to {}: {error}", path.display()))
        })?;
        Ok(Self::File { path: path.to_owned(), file, made })
    }

    fn write(self, text: &str, output: &mut Output) -> Result<()> {
        let Self::File { path, file, .. } = &self else { return output.text(text) };
        let written = empty(file).and_then(|()| (&*file).write_all(text.as_bytes()));
        written.map_err(|error| {
            Failure::failed(format!("the report cannot be written to {}: {error}", path.display()))
        })?;
        self.keep();
        Ok(())
    }

    fn keep(mut self) {
        if let Self::File { made, .. } = &mut self {
            *made = false;
        }
    }
}

/// Pipes and devices have no length, and need none.
fn empty(file: &File) -> std::io::Result<()> {
    if file.metadata()?.is_file() { file.set_len(0) } else { Ok(()) }
}

impl Drop for Place {
    /// An empty file would look like a report.
    fn drop(&mut self) {
        if let Self::File { path, made: true, .. } = self {
            let _ = std::fs::remove_file(path);
        }
    }
}
